#include <limits.h>

#include "base/hash.h"
#include "base/state_files.h"
#include "record.h"

namespace cni::flannel {
namespace {

// No container's id. There is one writer at a time: whoever has the lock of the directory.
constexpr const char* temporary = ".saving";

// No part can hold a colon, nor is an id empty, so this is nobody's id, and nobody else's name.
std::string unique_name(const std::string& network, const AttachmentId& attachment) {
    std::string name = cat(attachment.container_id, ":", attachment.ifname, ":", network);
    if (name.size() <= NAME_MAX) return name;
    return cat(":", sha512_hex(name).substr(0, 64));
}

// As the reference plugin names it; "" where it would be too long.
std::string plain_name(const AttachmentId& attachment) {
    return attachment.container_id.size() > NAME_MAX ? "" : attachment.container_id;
}

std::optional<Record> load(const StateFiles& files, const std::string& name) {
    if (name.empty()) return {};
    const auto text = files.read(name);
    if (!text) return {};
    return Record::parse(*text, files.path_of(name));
}

/// What a file is to an attachment.
enum class Relation {
    none,     ///< there is no such file
    own,      ///< it says so
    by_name,  ///< the reference plugin made it, for the network and some interface of the container
    garbled,
    others
};

struct Found : RecordFile::Loaded {
    Relation relation = Relation::none;
};

Relation relation_of(const Record& record, const std::string& network,
                     const AttachmentId& attachment) {
    if (record.network != network) return Relation::others;
    if (record.attachment == attachment) return Relation::own;
    return record.is_nameless() ? Relation::by_name : Relation::others;
}

/// The files that an attachment's record may be in.
class Candidates {
public:
    Candidates(const StateFiles& files, const std::string& network, const AttachmentId& attachment)
        : plain_name(flannel::plain_name(attachment)),
          unique_name(flannel::unique_name(network, attachment)) {
        const auto look = [&](const std::string& name) {
            return find(files, name, network, attachment);
        };
        plain = look(plain_name);
        unique = look(unique_name);
    }

    const std::string plain_name, unique_name;
    Found plain, unique;

private:
    // Errors of the system pass on: the next call may have none.
    static Found find(const StateFiles& files, const std::string& name, const std::string& network,
                      const AttachmentId& attachment) {
        try {
            auto record = load(files, name);
            if (!record) return {};
            const Relation relation = relation_of(*record, network, attachment);
            return {{.record = std::move(record)}, relation};
        } catch (const SysError&) {
            throw;
        } catch (const Error& error) {
            return {{.problem = error}, Relation::garbled};
        }
    }
};

}  // namespace

RecordFile::RecordFile(std::string data_dir, const Request& request)
    : data_dir_(std::move(data_dir)),
      network_(request.conf.name),
      attachment_(request.attachment()) {}

RecordFile::Loaded RecordFile::load() const {
    const auto files = StateFiles::find(data_dir_);
    if (!files) return {};
    Candidates candidates(*files, network_, attachment_);
    for (const Relation wanted : {Relation::own, Relation::by_name, Relation::garbled})
        for (Found* found : {&candidates.unique, &candidates.plain})
            if (found->relation == wanted) return std::move(*found);
    return {};
}

void RecordFile::save(const Record& record) const {
    const StateFiles files = StateFiles::make(data_dir_);
    const Candidates found(files, network_, attachment_);
    const Relation plain = found.plain.relation;
    const bool is_plain = !found.plain_name.empty() && found.unique.relation != Relation::own &&
                          plain != Relation::others && plain != Relation::by_name;
    files.write(is_plain ? found.plain_name : found.unique_name, temporary, record.print());
}

void RecordFile::remove() const {
    const auto files = StateFiles::find(data_dir_);
    if (!files) return;
    const Candidates found(*files, network_, attachment_);
    const Relation plain = found.plain.relation, unique = found.unique.relation;
    if (unique == Relation::own || unique == Relation::garbled) files->remove(found.unique_name);
    const bool is_by_name = plain == Relation::by_name && unique != Relation::own;
    if (plain == Relation::own || plain == Relation::garbled || is_by_name)
        files->remove(found.plain_name);
    files->remove(temporary);
}

std::vector<std::pair<std::string, Record>> list_records(const std::string& data_dir,
                                                         const std::string& network) {
    std::vector<std::pair<std::string, Record>> records;
    const auto files = StateFiles::find(data_dir);
    if (!files) return records;
    for (const std::string& name : files->names()) {
        if (name == temporary) continue;
        try {
            auto record = load(*files, name);
            if (!record || record->network != network) continue;
            if (record->is_nameless()) record->attachment.container_id = name;
            records.emplace_back(name, std::move(*record));
        } catch (const Error&) {
            // Nobody can say whose it is but the name, at DEL.
        }
    }
    return records;
}

void remove_record(const std::string& data_dir, const std::string& name) {
    const auto files = StateFiles::find(data_dir);
    if (!files) return;
    files->remove(name);
    files->remove(temporary);
}

}  // namespace cni::flannel
