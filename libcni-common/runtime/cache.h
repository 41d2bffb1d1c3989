#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "runtime/netconf.h"
#include "runtime/runtime_conf.h"

namespace cni {

/// The attachments a runtime has made, one file each in <base>/results, in the format of the
/// reference library: CHECK and DEL get the result of ADD back from it, GC learns what there is.
/// Where the file's name would be too long, which the reference cannot keep, it is a hash.
/// Nothing locks it: a runtime runs one operation on an attachment at a time. A directory that
/// others could tamper with is refused, see base/state_dir.h.
class ResultCache {
public:
    /// `base` is /var/lib/cni except in tests. Nothing is made before the first store.
    explicit ResultCache(std::string base) : base_(std::move(base)) {}

    /// Replaces the entry of this attachment in one step. Throws SysError.
    void store(const NetworkList& list, const RuntimeConf& conf,
               const VersionedResult& result) const;

    /// The result of ADD in the list's current version; nullopt when there is none. Throws Error
    /// when there is a file that cannot be read, is a symbolic link or makes no sense.
    std::optional<VersionedResult> load(const NetworkList& list, const RuntimeConf& conf) const;

    /// No-op when there is none. Throws SysError.
    void remove(const NetworkList& list, const RuntimeConf& conf) const;

    /// Every attachment to `network`, in the order of file names, with the arguments of its ADD.
    /// Files that are no entries are left out. Throws SysError.
    std::vector<RuntimeConf> attachments(std::string_view network) const;

private:
    /// Of a file; of the directory for "".
    std::string path_of(std::string_view name) const;
    std::optional<Fd> find_dir() const;
    std::string base_;
};

}  // namespace cni
