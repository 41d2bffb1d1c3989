#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace cni {

/// Opens relative to a directory descriptor (AT_FDCWD for the working directory), always
/// close-on-exec; `what` is how messages call the file. Throws SysError.
Fd open_at(int dir, const char* path, int flags, mode_t mode, std::string_view what);

/// Like open_at, nullopt when the file is missing (ENOENT, ENOTDIR).
std::optional<Fd> find_at(int dir, const char* path, int flags, std::string_view what);

/// Everything from the descriptor's position to the end, waiting for what comes late. Throws
/// Error(io_failure) past `limit` bytes, SysError when a read fails.
std::string read_all(int fd, std::size_t limit, std::string_view what);

/// A file's content; nullopt when there is no such file. Errors as in read_all.
std::optional<std::string> read_file(const std::string& path, std::size_t limit);

/// Writes all of `text`, whatever the size of the kernel's bites. Throws SysError.
void write_all(int fd, std::string_view text, std::string_view what);

/// Replaces `name` in directory `dir` by a file with this content in one step: readers see the
/// old file or the new one. `temporary` is in the same directory, of one writer at a time: what a
/// killed one left there is replaced by the next, and may be removed by its name. Not synced to
/// disk. Throws SysError and leaves no temporary file.
void replace_file(int dir, const std::string& name, const std::string& temporary,
                  std::string_view content, mode_t mode, std::string_view what);

/// Opens a file for reading and writing, made with mode 0600 when it is missing, that nobody but
/// this user and root can open: whoever could might lock it, or write into it. Throws SysError;
/// Error(internal) when it is anything else.
Fd open_private_file(const char* path);

/// fcntl(2) for a lock on one byte of a file: `command` is F_OFD_SETLK or F_OFD_SETLKW, `type`
/// F_WRLCK or F_UNLCK. It is of all descriptors that were made of this one, those of children too.
int change_lock(int file, int command, short type, long long place);

/// The names in a directory, sorted bytewise, without "." and "..". Throws SysError.
std::vector<std::string> list_dir(Fd dir, std::string_view what);

/// The directory that holds `path`: "." and "/" hold themselves.
std::string parent_of(const std::string& path);

/// The errno that keeps this process from reading, writing, executing or searching a file (R_OK,
/// W_OK, X_OK); 0 when nothing does.
int obstacle_to(int access, const std::string& path);

/// What keeps this process from writing to a directory, or from making it with its parents.
struct Obstacle {
    int error;
    std::string path;  ///< of the nearest directory that exists
};
std::optional<Obstacle> obstacle_to_filling(std::string path);

/// The first thing a program does. Opens /dev/null in place of standard input, output and error
/// where they are closed: what is opened later must not be taken for one of them. A write that
/// nobody will read, or beyond RLIMIT_FSIZE, is an error from then on and no deadly signal.
void begin_program();

/// An exclusive flock(2), held until destruction. Blocks until it is free. Throws SysError.
class FileLock {
public:
    FileLock(Fd file, std::string_view what);
    int fd() const { return file_.get(); }

private:
    Fd file_;
};

}  // namespace cni
