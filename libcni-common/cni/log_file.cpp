#include "cni/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"

namespace cni {

void append_line(const std::string& path, std::string_view setting, std::string_view line) {
    if (!path.starts_with('/'))
        throw Error(Code::invalid_environment,
                    cat(setting, " must be an absolute path, not ", quote(path)));
    constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    const Fd file = open_at(AT_FDCWD, path.c_str(), flags, 0600, path);
    struct stat status {};
    checked(::fstat(file.get(), &status), "look at ", path);
    if (!S_ISREG(status.st_mode)) throw Error(Code::internal, cat(path, " is no regular file"));
    write_all(file.get(), line, path);
}

}  // namespace cni
