#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace cni {

/// Whoever inherits the orphans of this process: the nearest ancestor that has asked for it
/// (PR_SET_CHILD_SUBREAPER), or process 1. One that never waits for processes it has not started,
/// as a runtime that is process 1 of a container may be, keeps each of them as a zombie. No
/// parent can be asked which kind it is, so it is watched: /run/cnixx.orphan names one orphan, and
/// as long as that is a zombie there are no more of them. Until one has been seen to go they are
/// left one at a time. So such a reaper gets one zombie; one that stops to wait at some time,
/// those of the moment.
///
/// The file is for root (or this user) alone, mode 0600, and has a line for each PID namespace that
/// uses it, 8 at most: "<pid> <start> <proven> <inode> <first>", the second as in /proc/<pid>/stat,
/// the third 1 when the orphan before it was waited for, then the inode of the namespace and the
/// start of its process 1. Nothing is proved by a process that is not to be seen from here. Where
/// there can be no file, or no /proc, there are no orphans.
class Reaper {
public:
    Reaper();

    /// Whether one more orphan may be left.
    bool takes_one() const { return takes_one_; }
    /// It was. The first one since the one before it has gone is from now on the one that is
    /// watched.
    void note(pid_t orphan) noexcept;
    /// It was waited for by its parent, which says nothing of the reaper.
    void forget(pid_t orphan) noexcept;

private:
    void look();
    bool write_line(std::string_view text) noexcept;
    Fd file_;
    std::string place_;     ///< the PID namespace, as lines have it
    std::size_t line_ = 0;  ///< the number of its line
    bool takes_one_ = false;
    bool is_next_ = false;    ///< the one that is left is to be watched; the file is locked
    bool is_proven_ = false;  ///< the one before it was waited for
    pid_t noted_ = -1;
};

}  // namespace cni
