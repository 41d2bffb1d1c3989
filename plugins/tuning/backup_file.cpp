#include <limits.h>

#include <algorithm>
#include <set>

#include "backup.h"
#include "base/hash.h"
#include "base/state_files.h"
#include "base/undo.h"
#include "base/warn.h"

namespace cni::tuning {
namespace {

constexpr std::string_view suffix = ".json", temporary_suffix = ".tmp";

/// The names that an attachment's file may have.
struct Names {
    std::string plain;      ///< as the reference plugin names it; "" where it would be too long
    std::string unique;     ///< holds no "_", so that it is nobody's plain name
    std::string temporary;  ///< of the one writer an attachment has at a time
};

std::string plain_name(const AttachmentId& attachment) {
    std::string name = cat(attachment.container_id, "_", attachment.ifname, suffix);
    return name.size() > NAME_MAX ? "" : name;
}

Names names_of(const AttachmentId& attachment) {
    // Neither part can hold a slash, so different attachments never hash the same text.
    const std::string hash =
        sha512_hex(cat("tuning/", attachment.container_id, "/", attachment.ifname)).substr(0, 64);
    return {.plain = plain_name(attachment),
            .unique = cat(hash, suffix),
            .temporary = cat(".", hash, temporary_suffix)};
}

std::optional<Backup> load(const StateFiles& files, const std::string& name) {
    if (name.empty()) return {};
    const auto text = files.read(name);
    if (!text) return {};
    return Backup::parse(*text, files.path_of(name));
}

/// What there is under an attachment's names.
struct Found {
    std::string name;  ///< "": no file is the attachment's
    Backup backup = {};
    bool is_plain_free = false;
};

// An earlier version's, and the reference plugin's: only its name says whose it is.
bool is_nameless(const Backup& backup) {
    return backup.attachment == AttachmentId{};
}

// No other container id and interface make the same name.
bool is_unambiguous(const std::string& plain) {
    return std::ranges::count(plain, '_') == 1;
}

Found find(const StateFiles& files, const Names& names, const AttachmentId& attachment) {
    const auto plain = load(files, names.plain);
    if (plain && plain->attachment == attachment) return {names.plain, *plain, false};
    const auto unique = load(files, names.unique);
    if (unique && unique->attachment == attachment) return {names.unique, *unique, false};
    if (plain && is_nameless(*plain)) return {names.plain, *plain, is_unambiguous(names.plain)};
    return {.name = {}, .is_plain_free = !plain && !names.plain.empty()};
}

const std::string& name_to_save(const Found& found, const Names& names) {
    if (!found.name.empty() && !is_nameless(found.backup)) return found.name;
    return found.is_plain_free ? names.plain : names.unique;
}

/// Whose a file is.
enum class Owner { nobody, attachment, another, name_tells, garbled };

Owner owner_of(const StateFiles& files, const std::string& name, const AttachmentId& attachment) {
    try {
        const auto backup = load(files, name);
        if (!backup) return Owner::nobody;
        if (backup->attachment == attachment) return Owner::attachment;
        return is_nameless(*backup) ? Owner::name_tells : Owner::another;
    } catch (const SysError&) {
        throw;
    } catch (const Error&) {
        return Owner::garbled;
    }
}

bool is_temporary(const std::string& name) {
    return name.starts_with('.') && name.ends_with(temporary_suffix);
}

/// The backup of a file, if it is the network's and of none of these attachments.
std::optional<Backup> find_stale(const StateFiles& files, const std::string& name,
                                 const std::string& network, const std::set<AttachmentId>& valid) {
    const auto is_its_name = [&](const AttachmentId& a) { return plain_name(a) == name; };
    const auto is_valid = [&](const Backup& backup) {
        return is_nameless(backup) ? std::ranges::any_of(valid, is_its_name)
                                   : valid.contains(backup.attachment);
    };
    try {
        auto backup = load(files, name);
        if (backup && backup->network == network && !is_valid(*backup)) return backup;
    } catch (const Error& error) {
        warn(error.what());
    }
    return {};
}

}  // namespace

BackupFile::BackupFile(std::string data_dir, AttachmentId attachment)
    : data_dir_(std::move(data_dir)), attachment_(std::move(attachment)) {}

std::optional<Backup> BackupFile::load() const {
    const auto files = StateFiles::find(data_dir_);
    if (!files) return {};
    Found found = find(*files, names_of(attachment_), attachment_);
    if (found.name.empty()) return {};
    return std::move(found.backup);
}

void BackupFile::save(const Backup& backup) const {
    const Names names = names_of(attachment_);
    const StateFiles files = StateFiles::make(data_dir_);
    files.write(name_to_save(find(files, names, attachment_), names), names.temporary,
                backup.print());
}

void BackupFile::remove() const {
    const auto files = StateFiles::find(data_dir_);
    if (!files) return;
    const Names names = names_of(attachment_);
    const Owner unique = owner_of(*files, names.unique, attachment_);
    if (unique != Owner::nobody) files->remove(names.unique);
    const Owner plain = owner_of(*files, names.plain, attachment_);
    const bool is_by_name = plain == Owner::name_tells && unique != Owner::attachment;
    if (plain == Owner::attachment || plain == Owner::garbled || is_by_name)
        files->remove(names.plain);
    files->remove(names.temporary);
}

void remove_stale_backups(const std::string& data_dir, const std::string& network,
                          const std::vector<AttachmentId>& valid,
                          const std::function<void(const Backup&)>& put_back) {
    const auto files = StateFiles::find(data_dir);
    if (!files) return;
    const std::set<AttachmentId> kept(valid.begin(), valid.end());
    Failures failures;
    for (const std::string& name : files->names()) {
        failures.attempt([&] {
            if (is_temporary(name)) return files->remove(name);
            if (!name.ends_with(suffix)) return;
            const auto stale = find_stale(*files, name, network, kept);
            if (!stale) return;
            put_back(*stale);
            files->remove(name);
        });
    }
    failures.throw_if_any();
}

}  // namespace cni::tuning
