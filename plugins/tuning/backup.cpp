#include "backup.h"

#include <algorithm>

#include "cni/json_writer.h"

namespace cni::tuning {
namespace {

SysctlName name_below_net(std::string_view key) {
    SysctlName name{.written = std::string(key)};
    for (const auto part : split(key, '/')) {
        if (part.empty() || part == "." || part == "..") return {};
        name.parts.emplace_back(part);
    }
    if (name.parts.size() < 2 || name.parts[0] != "net") return {};
    name.parts.erase(name.parts.begin());
    return name;
}

Mac mac_of(const Json& json) {
    const auto mac = Mac::parse(json.as_string());
    if (!mac) throw json.invalid("must be a MAC address");
    return *mac;
}

Attributes parse_attributes(const Json& json) {
    const auto number = [](const Json& v) {
        return static_cast<std::uint32_t>(v.as_int(0, UINT32_MAX));
    };
    Attributes attributes;
    // The reference plugin writes "" or 0 where there is nothing to put back.
    if (const auto v = json.find("mac"); v && !v->as_string().empty()) attributes.mac = mac_of(*v);
    if (const auto v = json.find("promisc")) attributes.promisc = v->as_bool();
    if (const auto v = json.find("mtu"); v && number(*v) != 0) attributes.mtu = number(*v);
    if (const auto v = json.find("allmulti")) attributes.allmulti = v->as_bool();
    if (const auto v = json.find("txQLen")) attributes.txqlen = number(*v);
    return attributes;
}

Backup parse_members(const Json& json) {
    Backup backup;
    json.require_object();
    backup.network = json.string_or("network", "");
    backup.attachment = {json.string_or("containerID", ""), json.string_or("ifname", "")};
    backup.place = Place::parse(json);
    backup.netns = json.string_or("netns", "");
    backup.attributes = parse_attributes(json);
    if (const auto sysctls = json.find("sysctl"))
        for (const auto& [key, value] : sysctls->members()) {
            if (name_below_net(key).parts.empty()) throw value.invalid("is no key below net");
            backup.sysctls.push_back({key, value.as_string()});
        }
    return backup;
}

void print_attributes(JsonWriter& out, const Attributes& attributes) {
    if (attributes.mac) out.member("mac", attributes.mac->to_string());
    if (attributes.promisc) out.member("promisc", *attributes.promisc);
    if (attributes.mtu) out.member("mtu", *attributes.mtu);
    if (attributes.allmulti) out.member("allmulti", *attributes.allmulti);
    if (attributes.txqlen) out.member("txQLen", *attributes.txqlen);
}

void print_owner(JsonWriter& out, const Backup& backup) {
    out.member("network", backup.network);
    if (backup.attachment == AttachmentId{}) return;
    out.member("containerID", backup.attachment.container_id);
    out.member("ifname", backup.attachment.ifname);
}

}  // namespace

SysctlName name_of(const Backup::Parameter& parameter) {
    return name_below_net(parameter.key);
}

bool is_of_interface(const Backup::Parameter& parameter, const std::string& ifname) {
    const auto parts = name_of(parameter).parts;
    return parts.size() == 4 && (parts[1] == "conf" || parts[1] == "neigh") && parts[2] == ifname;
}

void Backup::add(const SysctlName& name, std::string value) {
    std::string key = cat("net/", join(name.parts, "/"));
    if (std::ranges::find(sysctls, key, &Parameter::key) == sysctls.end())
        sysctls.push_back({std::move(key), std::move(value)});
}

void Backup::add(const Backup& later) {
    attributes = keep_earlier(attributes, later.attributes);
    for (const Parameter& parameter : later.sysctls) add(name_of(parameter), parameter.value);
    if (network.empty()) network = later.network;
    attachment = later.attachment;
    place = later.place;
    netns = later.netns;
}

Backup Backup::still_true(const Place& now) const {
    if (!place.is_known() || !place.is_in(now)) return {};
    Backup kept = *this;
    if (place.ifindex != now.ifindex) kept.forget_interface();
    return kept;
}

void Backup::forget_interface() {
    attributes = {};
    std::erase_if(sysctls, [&](const Parameter& parameter) {
        return is_of_interface(parameter, attachment.ifname);
    });
}

std::string Backup::print() const {
    JsonWriter out(JsonWriter::Layout::narrow);
    out.begin_object();
    print_attributes(out, attributes);
    print_owner(out, *this);
    place.put(out);
    if (!netns.empty()) out.member("netns", netns);
    if (!sysctls.empty()) {
        out.key("sysctl").begin_object();
        for (const Parameter& parameter : sysctls) out.member(parameter.key, parameter.value);
        out.end_object();
    }
    out.end_object();
    return out.take();
}

Backup Backup::parse(const std::string& text, const std::string& what) {
    try {
        return parse_members(Json::parse(text, what));
    } catch (const Error& error) {
        throw Error(Code::decoding_failure, cat("backup file ", what, " is garbled"), error.what());
    }
}

}  // namespace cni::tuning
