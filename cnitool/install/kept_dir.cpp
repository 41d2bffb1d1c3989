#include "kept_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "base/state_dir.h"

namespace cni::tool {
namespace {

constexpr const char* state_name = ".cnixx";
constexpr const char* record_name = "record";
constexpr const char* former_name = "former";
constexpr const char* new_name = "new";
constexpr int directory = O_RDONLY | O_DIRECTORY;
constexpr std::size_t digest_size = 128;
constexpr std::size_t largest_record = 1u << 20;
constexpr off_t largest_file = largest_plugin;

// A file may have several, in a row each.
std::string record_text(const std::map<std::string, std::set<std::string>>& record) {
    std::string text;
    for (const auto& [name, digests] : record)
        for (const std::string& digest : digests) text += cat(digest, " ", name, "\n");
    return text;
}

std::optional<struct stat> find_status(int dir, const std::string& name, const std::string& what) {
    struct stat status {};
    if (::fstatat(dir, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
    if (errno != ENOENT) checked(-1, "look at ", what);
    return {};
}

bool is_same(const std::optional<struct stat>& one, const std::optional<struct stat>& other) {
    return one && other && one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

void remove_if_there(int dir, const std::string& name, const std::string& what, int flags = 0) {
    if (::unlinkat(dir, name.c_str(), flags) < 0 && errno != ENOENT) checked(-1, "remove ", what);
}

// A directory above is made as an administrator would make it.
Fd open_dir(const std::string& path) {
    if (path != "/" && path != "." && ::mkdir(path.c_str(), 0755) < 0 && errno != EEXIST) {
        if (errno != ENOENT) checked(-1, "make directory ", path);
        open_dir(parent_of(path));
        if (::mkdir(path.c_str(), 0755) < 0 && errno != EEXIST)
            checked(-1, "make directory ", path);
    }
    return open_at(AT_FDCWD, path.c_str(), directory, 0, path);
}

std::string without_final_slashes(std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

}  // namespace

std::optional<std::string> digest_of(int dir, const std::string& name, const std::string& what) {
    const auto status = find_status(dir, name, what);
    if (!status) return {};
    if (!S_ISREG(status->st_mode) || status->st_size > largest_file) return "";
    const auto file = find_at(dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, what);
    if (!file) return {};
    return sha512_hex(read_all(file->get(), largest_file, what));
}

KeptDir::KeptDir(std::string path, Fd dir, Fd state)
    : path_(std::move(path)),
      dir_(std::move(dir)),
      state_(std::make_unique<FileLock>(std::move(state), path_)) {
    read_record();
}

// Whoever had the lock may have ended the way back, and removed the folder.
KeptDir KeptDir::open(const std::string& given) {
    const std::string path = without_final_slashes(given);
    for (;;) {
        Fd dir = open_dir(path);
        const std::string state_path = cat(path, "/", state_name);
        KeptDir kept(path, std::move(dir), open_state_dir(state_path, Holds::files, 0700));
        struct stat status {};
        checked(::fstat(kept.state_->fd(), &status), "look at ", state_path);
        if (is_same(status, find_status(kept.dir_.get(), state_name, state_path))) return kept;
    }
}

std::optional<KeptDir> KeptDir::find(const std::string& given) {
    const std::string path = without_final_slashes(given);
    auto dir = find_at(AT_FDCWD, path.c_str(), directory, path);
    if (!dir) return {};
    auto state = find_state_dir(cat(path, "/", state_name), Holds::files);
    if (!state) return {};
    return KeptDir(path, std::move(*dir), std::move(*state));
}

std::string KeptDir::describe(const std::string& name) const {
    return cat(path_, "/", name);
}

void KeptDir::read_record() {
    const std::string what = cat(path_, "/", state_name, "/", record_name);
    const auto file = find_at(state_->fd(), record_name, O_RDONLY | O_NOFOLLOW, what);
    if (!file) return;
    const std::string text = read_all(file->get(), largest_record, what);
    for (const std::string_view line : split(text, '\n')) {
        if (line.empty()) continue;
        const bool is_entry = line.size() > digest_size + 1 && line[digest_size] == ' ' &&
                              line.find('/') == line.npos;
        if (!is_entry)
            throw Error(Code::decoding_failure, cat(what, " is no list of digests and names"),
                        cat("the line ", quote(line), "; what was in the directory before is in ",
                            path_, "/", state_name, "/", former_name));
        record_[std::string(line.substr(digest_size + 1))].emplace(line.substr(0, digest_size));
    }
}

// What is renamed is on disk before: no name can be that of an empty file when power is lost.
void KeptDir::write(int dir, const std::string& name, std::string_view content, mode_t mode) {
    const std::string what = describe(name);
    remove_if_there(state_->fd(), new_name, what);
    const Fd file = open_at(state_->fd(), new_name, O_WRONLY | O_CREAT | O_EXCL, mode, what);
    write_all(file.get(), content, what);
    checked(::fchmod(file.get(), mode), "let others read ", what);
    checked(::fsync(file.get()), "write ", what, " to disk");
    checked(::renameat(state_->fd(), new_name, dir, name.c_str()), "rename a file to ", what);
    checked(::fsync(dir), "write ", what, " to disk");
}

void KeptDir::write_record() {
    write(state_->fd(), record_name, record_text(record_), 0600);
}

std::vector<std::string> KeptDir::names() const {
    std::vector<std::string> names;
    for (const auto& [name, digests] : record_) names.push_back(name);
    return names;
}

bool KeptDir::is_ours(const std::string& name) const {
    const auto known = record_.find(name);
    if (known == record_.end()) return false;
    const auto digest = digest_of(dir_.get(), name, describe(name));
    return digest && known->second.contains(*digest);
}

void KeptDir::prepare(const Digests& digests) {
    if (::mkdirat(state_->fd(), former_name, 0700) < 0 && errno != EEXIST)
        checked(-1, "make directory ", path_, "/", state_name, "/", former_name);
    open_former();
    if (record_.empty()) empty_former();  // of a way back that was killed at its end
    for (const auto& [name, digest] : digests) keep(name);
    checked(::fsync(former_.get()), "write to disk what is kept of ", path_);
    for (const auto& [name, digest] : digests) record_[name].insert(digest);
    write_record();
}

void KeptDir::open_former() {
    if (former_) return;
    auto former = find_at(state_->fd(), former_name, directory | O_NOFOLLOW, path_);
    if (former) former_ = std::move(*former);
}

void KeptDir::empty_former() {
    if (!former_) return;
    for (const std::string& name :
         list_dir(open_at(former_.get(), ".", directory, 0, path_), path_))
        remove_if_there(former_.get(), name, name);
}

void KeptDir::keep(const std::string& name) {
    const auto now = find_status(dir_.get(), name, describe(name));
    if (!now || is_ours(name) || is_same(now, find_status(former_.get(), name, name))) return;
    if (S_ISDIR(now->st_mode)) throw SysError(cat("replace ", describe(name)), EISDIR);
    remove_if_there(state_->fd(), new_name, describe(name));
    checked(::linkat(dir_.get(), name.c_str(), state_->fd(), new_name, 0), "keep the former ",
            describe(name));
    checked(::renameat(state_->fd(), new_name, former_.get(), name.c_str()), "keep the former ",
            describe(name));
}

void KeptDir::put(const std::string& name, std::string_view content, mode_t mode) {
    keep(name);
    const auto status = find_status(dir_.get(), name, describe(name));
    const bool has_mode = status && (status->st_mode & 07777) == mode;
    if (has_mode && digest_of(dir_.get(), name, describe(name)) == sha512_hex(content)) return;
    write(dir_.get(), name, content, mode);
}

void KeptDir::settle(const Digests& digests) {
    for (const auto& [name, digest] : digests) record_[name] = {digest};
    write_record();
}

void KeptDir::remove(const std::string& name) {
    if (!is_ours(name)) return;
    remove_if_there(dir_.get(), name, describe(name));
    checked(::fsync(dir_.get()), "write to disk that ", describe(name), " is gone");
}

// What was before stays kept until all of it is back: it is seen in its place when this is done a
// second time.
bool KeptDir::restore(const std::string& name) {
    open_former();
    const auto now = find_status(dir_.get(), name, describe(name));
    const auto before = former_ ? find_status(former_.get(), name, name) : std::nullopt;
    if (now && is_same(now, before)) return true;
    if (now && !is_ours(name)) return false;
    if (!before) {
        remove_if_there(dir_.get(), name, describe(name));
        return true;
    }
    remove_if_there(state_->fd(), new_name, describe(name));
    checked(::linkat(former_.get(), name.c_str(), state_->fd(), new_name, 0), "put back ",
            describe(name));
    checked(::renameat(state_->fd(), new_name, dir_.get(), name.c_str()), "put back ",
            describe(name));
    return true;
}

// The record first: without one, what else there is means nothing.
void KeptDir::forget() {
    checked(::fsync(dir_.get()), "write ", path_, " to disk");
    remove_if_there(state_->fd(), record_name, path_);
    record_.clear();
    remove_if_there(state_->fd(), new_name, path_);
    open_former();
    empty_former();
    remove_if_there(state_->fd(), former_name, path_, AT_REMOVEDIR);
    remove_if_there(dir_.get(), state_name, path_, AT_REMOVEDIR);
}

}  // namespace cni::tool
