#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace cni {

/// Small files that one call leaves for a later one, in a directory of state (base/state_dir.h).
/// They come and go under its lock, which is held while the object lives.
class StateFiles {
public:
    /// nullopt when there is no such directory. Throws Error as find_state_dir().
    static std::optional<StateFiles> find(const std::string& path);
    /// Made with its parents when missing.
    static StateFiles make(const std::string& path);

    std::string path_of(std::string_view name) const;
    std::vector<std::string> names() const;

    /// A file's content; nullopt without one. Throws Error(decoding_failure) for what is no
    /// regular file, what read_all() does.
    std::optional<std::string> read(const std::string& name) const;
    /// In one step: see replace_file(). `temporary` is a name of one writer at a time. Not synced:
    /// what is true of a running kernel does not survive a reboot either.
    void write(const std::string& name, const std::string& temporary,
               std::string_view content) const;
    /// Succeeds when there is none.
    void remove(const std::string& name) const;

private:
    StateFiles(Fd dir, std::string path) : path_(std::move(path)), lock_(std::move(dir), path_) {}
    std::string path_;
    FileLock lock_;
};

}  // namespace cni
