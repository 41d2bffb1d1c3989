#include <fcntl.h>

#include <set>

#include "backup.h"
#include "base/file.h"
#include "base/state_dir.h"
#include "base/undo.h"

namespace cni::tuning {
namespace {

constexpr std::size_t max_size = 1u << 20;
constexpr std::string_view suffix = ".json";

std::string file_name(const AttachmentId& attachment) {
    return cat(attachment.container_id, "_", attachment.ifname, suffix);
}

// Of the one writer an attachment has at a time.
std::string temporary(const std::string& name) {
    return cat(".", name, ".tmp");
}

std::optional<Fd> find_dir(const std::string& path) {
    return find_state_dir(path, Holds::files);
}

std::optional<Backup> load_from(int dir, const std::string& name, const std::string& path) {
    const Fd file(::openat(dir, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file && errno == ENOENT) return {};
    if (!file && errno == ELOOP)
        throw Error(Code::decoding_failure, cat("backup file ", path, " is a symbolic link"));
    check(file.get(), "open ", path);
    return Backup::parse(read_all(file.get(), max_size, path), path);
}

void remove_at(int dir, const std::string& name, const std::string& path) {
    if (::unlinkat(dir, name.c_str(), 0) < 0 && errno != ENOENT) check(-1, "remove ", path);
}

std::string network_of(int dir, const std::string& name, const std::string& path) {
    try {
        const auto backup = load_from(dir, name, path);
        return backup ? backup->network : "";
    } catch (const Error& error) {
        warn(error.what());
        return {};
    }
}

}  // namespace

BackupFile::BackupFile(std::string data_dir, const AttachmentId& attachment)
    : data_dir_(std::move(data_dir)), name_(file_name(attachment)) {}

std::string BackupFile::path() const {
    return cat(data_dir_, "/", name_);
}

std::optional<Backup> BackupFile::load() const {
    const auto dir = find_dir(data_dir_);
    if (!dir) return {};
    return load_from(dir->get(), name_, path());
}

void BackupFile::save(const Backup& backup) const {
    const Fd dir = open_state_dir(data_dir_, Holds::files, 0700);
    replace_file(dir.get(), name_, temporary(name_), backup.print(), 0600, path());
}

void BackupFile::remove() const {
    const auto dir = find_dir(data_dir_);
    if (!dir) return;
    remove_at(dir->get(), name_, path());
    remove_at(dir->get(), temporary(name_), path());
}

void remove_stale_backups(const std::string& data_dir, const std::string& network,
                          const std::vector<AttachmentId>& valid) {
    const auto dir = find_dir(data_dir);
    auto listed = find_dir(data_dir);  // the position in a directory is that of its descriptor
    if (!dir || !listed) return;
    std::set<std::string> kept;
    for (const AttachmentId& attachment : valid) kept.insert(file_name(attachment));
    Failures failures;
    for (const std::string& name : list_dir(std::move(*listed), data_dir)) {
        if (!name.ends_with(suffix) || kept.contains(name)) continue;
        const std::string path = cat(data_dir, "/", name);
        if (network_of(dir->get(), name, path) == network)
            failures.attempt([&] { remove_at(dir->get(), name, path); });
    }
    failures.throw_if_any();
}

}  // namespace cni::tuning
