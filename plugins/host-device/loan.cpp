#include "loan.h"

#include <linux/if.h>

#include "cni/json_writer.h"

namespace cni::host_device {
namespace {

void put_parent(JsonWriter& out, const RelatedLink& parent) {
    if (parent.index == 0) return;
    out.key("parent").begin_object();
    out.member("index", parent.index);
    out.member("isElsewhere", parent.is_elsewhere);
    out.member("netnsID", parent.netnsid);
    out.end_object();
}

RelatedLink parse_parent(const Json& json) {
    return {.index = static_cast<int>(json.int_or("index", 1, INT32_MAX, 0)),
            .is_elsewhere = json.bool_or("isElsewhere", false),
            .netnsid = static_cast<int>(json.int_or("netnsID", -1, INT32_MAX, -1))};
}

void put_device(JsonWriter& out, const Link& device) {
    out.member("name", device.name);
    out.member("index", device.index);
    out.member("alias", device.alias);
    out.member("kind", device.kind_name());
    out.member("hardware", device.hardware);
    out.member("permanentAddress", device.permanent_address.to_string());
    out.member("address", device.address.to_string());
    out.member("mtu", device.mtu);
    out.member("up", device.is_up());
    put_parent(out, device.parent);
}

// What is empty, or of a length that no configuration can name, reads as none.
LinkAddress parse_address(const Json& json, std::string_view key) {
    return LinkAddress::parse(json.string_or(key, "")).value_or(LinkAddress{});
}

Link parse_device(const Json& json) {
    Link device;
    device.name = json.string_or("name", "");
    if (!is_ifname(device.name)) throw json.invalid("needs the name of an interface");
    device.index = static_cast<int>(json.int_or("index", 0, INT32_MAX, 0));
    device.alias = json.string_or("alias", "");
    device.kind = OtherKind{json.string_or("kind", "")};
    device.hardware = json.string_or("hardware", "");
    device.permanent_address = parse_address(json, "permanentAddress");
    device.address = parse_address(json, "address");
    device.mtu = static_cast<std::uint32_t>(json.int_or("mtu", 0, UINT32_MAX, 0));
    device.flags = json.bool_or("up", false) ? IFF_UP : 0;
    if (const auto parent = json.find("parent")) device.parent = parse_parent(*parent);
    return device;
}

Loan parse_members(const Json& json) {
    Loan loan{.network = json.require_object().string_or("network", ""),
              .attachment = {json.string_or("containerID", ""), json.string_or("ifname", "")},
              .netns = json.string_or("netns", ""),
              .place = Place::parse(json)};
    const auto device = json.find("device");
    if (!device) throw json.invalid("needs a \"device\"");
    loan.device = parse_device(device->require_object());
    return loan;
}

}  // namespace

std::string Loan::print() const {
    JsonWriter out(JsonWriter::Layout::narrow);
    out.begin_object();
    out.member("network", network);
    out.member("containerID", attachment.container_id);
    out.member("ifname", attachment.ifname);
    out.member("netns", netns);
    place.put(out);
    out.key("device").begin_object();
    put_device(out, device);
    out.end_object();
    out.end_object();
    return out.take();
}

Loan Loan::parse(const std::string& text, const std::string& what) {
    try {
        return parse_members(Json::parse(text, what));
    } catch (const Error& error) {
        throw Error(Code::decoding_failure, cat("record of a loan ", what, " is garbled"),
                    error.what());
    }
}

std::unique_ptr<Container> find_borrower(const Args& args, const Loan& loan) {
    for (const std::string& path : {args.netns, loan.netns}) {
        auto netns = Netns::find(path);
        if (!netns) continue;
        auto container = std::make_unique<Container>(std::move(*netns), loan.attachment.ifname);
        if (loan.place.is_in(place_of(*container, 0))) return container;
    }
    return {};
}

}  // namespace cni::host_device
