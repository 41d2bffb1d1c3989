#include "record.h"

#include "base/contains.h"
#include "base/state_files.h"
#include "base/warn.h"
#include "cni/json.h"
#include "cni/json_writer.h"

namespace cni::firewall::firewalld {
namespace {

constexpr const char* folder = "/run/cni/firewall";
constexpr std::string_view suffix = ".json";

std::string stem_of(const Owner& owner) {
    return owner_digest(owner).substr(0, 64);
}
std::string name_of(const Owner& owner) {
    return cat(stem_of(owner), suffix);
}
std::string temporary_name_of(const Owner& owner) {
    return cat(".", stem_of(owner), ".tmp");
}

Record parse_members(const Json& json) {
    json.require_object();
    Record record{.owner = {json.string_or("network", ""), json.string_or("containerID", ""),
                            json.string_or("ifname", "")},
                  .zone = json.string_or("zone", ""),
                  .addresses = {},
                  .is_left = json.bool_or("left", false)};
    for (const Json& address : json.list("addresses"))
        record.addresses.push_back(address.as_prefix());
    return record;
}

// Passing troubles (base/passing.h) pass on: the next call may have none.
std::optional<Record> load(const StateFiles& files, const std::string& name) {
    const auto text = files.read(name);
    if (!text) return {};
    try {
        return Record::parse(*text, files.path_of(name));
    } catch (const Error& error) {
        warn(error.what());
        return {};
    }
}

}  // namespace

bool Record::has(const std::string& zone_, const Prefix& address) const {
    return zone == zone_ && contains(addresses, address);
}

std::string Record::print() const {
    JsonWriter out(JsonWriter::Layout::narrow);
    out.begin_object();
    out.member("network", owner.network);
    out.member("containerID", owner.container_id);
    out.member("ifname", owner.ifname);
    out.member("zone", zone);
    out.key("addresses").begin_array();
    for (const Prefix& address : addresses) out.value(address.to_string());
    out.end_array();
    if (is_left) out.member("left", true);
    out.end_object();
    return out.take();
}

Record Record::parse(const std::string& text, const std::string& what) {
    try {
        return parse_members(Json::parse(text, what));
    } catch (const Error& error) {
        throw Error(Code::decoding_failure, cat("record of sources ", what, " is garbled"),
                    error.what());
    }
}

void save_record(const Record& record) {
    StateFiles::make(folder).write(name_of(record.owner), temporary_name_of(record.owner),
                                   record.print());
}

std::optional<Record> find_record(const Owner& owner) {
    const auto files = StateFiles::find(folder);
    auto record = files ? load(*files, name_of(owner)) : std::nullopt;
    if (!record || record->owner != owner) return {};
    return record;
}

void forget_record(const Owner& owner) {
    const auto files = StateFiles::find(folder);
    if (!files) return;
    files->remove(name_of(owner));
    files->remove(temporary_name_of(owner));
}

std::vector<Record> all_records() {
    std::vector<Record> out;
    const auto files = StateFiles::find(folder);
    if (!files) return out;
    for (const std::string& name : files->names())
        if (name.ends_with(suffix) && !name.starts_with('.'))
            if (auto record = load(*files, name)) out.push_back(*std::move(record));
    return out;
}

}  // namespace cni::firewall::firewalld
