#include "record.h"

#include "cni/json_writer.h"
#include "config.h"
#include "sys/machine.h"
#include "sys/netns.h"

namespace cni::flannel {
namespace {

constexpr std::string_view own_key = "cnixx";

std::string print_owner(const Record& record) {
    JsonWriter out(JsonWriter::Layout::compact);
    return out.begin_object()
        .member("bootID", record.boot_id)
        .member("containerID", record.attachment.container_id)
        .member("ifname", record.attachment.ifname)
        .member("netns", record.netns)
        .end_object()
        .take();
}

std::vector<Json> elements(const std::optional<Json>& json) {
    return json && json->is_array() ? json->as_list() : std::vector<Json>{};
}

// What is none is the delegate's matter.
std::vector<Prefix> read_subnets(const Json& config) {
    std::vector<Prefix> subnets;
    const auto ipam = config.find("ipam");
    if (!ipam) return subnets;
    for (const Json& set : elements(ipam->find("ranges")))
        for (const Json& range : elements(set)) {
            const auto text = range.find("subnet");
            const auto subnet = Prefix::parse(text && text->is_string() ? text->as_string() : "");
            if (subnet) subnets.push_back(subnet->network());
        }
    return subnets;
}

std::string read_type(const Json& json) {
    std::string type = json.string_or("type", "");
    if (!may_be_delegate(type)) throw json.invalid("needs the \"type\" of a delegate");
    return type;
}

Record parse_members(const Json& json) {
    Record record{.network = json.require_object().string_or("name", ""),
                  .type = read_type(json),
                  .config = JsonObject(json),
                  .subnets = read_subnets(json)};
    if (const auto own = json.find_exact(own_key)) {
        record.attachment = {own->require_object().string_or("containerID", ""),
                             own->string_or("ifname", "")};
        record.netns = own->string_or("netns", "");
        record.boot_id = own->string_or("bootID", "");
        record.config.remove(own_key);
    }
    return record;
}

}  // namespace

bool Record::is_alive() const {
    return boot_id == ::cni::boot_id() && Netns::find(netns).has_value();
}

std::string Record::print() const {
    JsonObject file = config;
    file.set(own_key, print_owner(*this));
    return file.text();
}

Record Record::parse(const std::string& text, const std::string& what) {
    try {
        return parse_members(Json::parse(text, what));
    } catch (const Error& error) {
        throw Error(Code::decoding_failure, cat("saved configuration ", what, " is garbled"),
                    error.what());
    }
}

Record new_record(const Request& request, std::string type, JsonObject config) {
    return {.network = request.conf.name,
            .attachment = request.attachment(),
            .netns = request.args.netns,
            .boot_id = boot_id(),
            .type = std::move(type),
            .config = std::move(config)};
}

}  // namespace cni::flannel
