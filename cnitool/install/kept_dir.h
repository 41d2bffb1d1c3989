#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace cni::tool {

/// Bytes: no plugin that anybody builds, with a debugger's and a sanitizer's part in it too, is
/// larger.
constexpr std::size_t largest_plugin = 256u << 20;

/// A directory in which files are put in the place of others, which are kept for the way back.
/// Programs find the file before or the new one under a name, never a part of one, and no file that
/// is being executed is written to. All that is kept is in the folder `.cnixx` of the directory:
///
///   record       the digests of what was put there, or is going to be, and under which name: a
///   file
///                with another one is somebody else's, who may have replaced ours since
///   former/NAME  what was there before, as it was (another name of the same file)
///   new          a file that is being written
///
/// Whoever is killed at any call leaves a directory on which the next one, of either way, goes on.
/// What was put there, and the record before it, is on disk when the call returns. One process at a
/// time: the object holds a lock. All throw SysError.
class KeptDir {
public:
    using Digests = std::map<std::string, std::string>;  ///< of a name; as digest_of()

    /// Makes the directory with its parents (mode 0755) and the folder (0700).
    static KeptDir open(const std::string& given);
    /// nullopt where nothing is kept.
    static std::optional<KeptDir> find(const std::string& given);

    const std::string& path() const { return path_; }
    /// What was put there, whatever became of it.
    std::vector<std::string> names() const;
    /// Whether what is there is what was put there; not if nothing is.
    bool is_ours(const std::string& name) const;

    /// The first step: keeps what is there under these names, unless it is ours, and writes down
    /// what is going to be put there.
    void prepare(const Digests& digests);
    /// Puts a file there, of which prepare() has been told.
    void put(const std::string& name, std::string_view content, mode_t mode);
    /// The last step: nothing but this was put there.
    void settle(const Digests& digests);

    /// Takes away what is ours; what was there before stays kept.
    void remove(const std::string& name);
    /// Puts back what was there before, or nothing. False, and nothing is done, when what is there
    /// is somebody else's.
    bool restore(const std::string& name);
    /// Ends the way back: keeps nothing any more.
    void forget();

private:
    using Record = std::map<std::string, std::set<std::string>>;
    KeptDir(std::string path, Fd dir, Fd state);
    void read_record();
    void write_record();
    void open_former();
    void empty_former();
    void keep(const std::string& name);
    void write(int dir, const std::string& name, std::string_view content, mode_t mode);
    std::string describe(const std::string& name) const;

    std::string path_;
    Fd dir_;
    std::unique_ptr<FileLock> state_;
    Fd former_;
    Record record_;
};

/// Of a file's content. nullopt when there is no such file; "" of what is no regular file, or so
/// large that it is none of ours.
std::optional<std::string> digest_of(int dir, const std::string& name, const std::string& what);

}  // namespace cni::tool
