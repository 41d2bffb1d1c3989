#include "base/state_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/state_dir.h"

namespace cni {
namespace {

constexpr std::size_t max_size = 1u << 20;

// Whoever has a pipe open for writing could let us wait for ever.
void require_regular(const Fd& file, const std::string& path) {
    struct stat status {};
    checked(::fstat(file.get(), &status), "stat ", path);
    if (!S_ISREG(status.st_mode))
        throw Error(Code::decoding_failure, cat(path, " is no regular file"));
}

}  // namespace

std::optional<StateFiles> StateFiles::find(const std::string& path) {
    auto dir = find_state_dir(path, Holds::files);
    if (!dir) return {};
    return StateFiles(std::move(*dir), path);
}

StateFiles StateFiles::make(const std::string& path) {
    return {open_state_dir(path, Holds::files, 0700), path};
}

std::string StateFiles::path_of(std::string_view name) const {
    return cat(path_, "/", name);
}

std::vector<std::string> StateFiles::names() const {
    // A descriptor of its own: each has one position.
    return list_dir(open_at(lock_.fd(), ".", O_RDONLY | O_DIRECTORY, 0, path_), path_);
}

std::optional<std::string> StateFiles::read(const std::string& name) const {
    const std::string path = path_of(name);
    const Fd file(
        ::openat(lock_.fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file && errno == ENOENT) return {};
    if (!file && errno == ELOOP)
        throw Error(Code::decoding_failure, cat(path, " is a symbolic link"));
    checked(file.get(), "open ", path);
    require_regular(file, path);
    return read_all(file.get(), max_size, path);
}

void StateFiles::write(const std::string& name, const std::string& temporary,
                       std::string_view content) const {
    replace_file(lock_.fd(), name, temporary, content, 0600, path_of(name));
}

void StateFiles::remove(const std::string& name) const {
    if (::unlinkat(lock_.fd(), name.c_str(), 0) < 0 && errno != ENOENT)
        checked(-1, "remove ", path_of(name));
}

}  // namespace cni
