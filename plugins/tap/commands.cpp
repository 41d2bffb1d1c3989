#include "commands.h"

#include "attach/check.h"
#include "attach/existing_attachment.h"
#include "attach/new_attachment.h"
#include "attach/rehearse.h"
#include "attach/removal.h"
#include "cni/delegate.h"
#include "config.h"
#include "labelled.h"
#include "sys/tuntap.h"

namespace cni::tap {
namespace {

// Programs decide about the header when they attach; until then it is as the reference plugin had
// it, which makes taps in two ways.
NewTap tap_of(const std::string& name, const Config& config) {
    return {.name = name,
            .multi_queue = config.multi_queue,
            .has_virtio_header = config.owner && config.group && config.selinux_context.empty(),
            .owner = config.owner,
            .group = config.group};
}

void make(const Fd& tun, const NewTap& tap, const std::string& context) {
    if (!context.empty())
        attach_labelled(tun.get(), tap, context);
    else if (const int error = attach_tap(tun.get(), tap); error != 0)
        throw SysError("failed to create tap", error);
    keep_tap(tun.get(), tap);
}

Link get_bridge(Container& container, const std::string& name) {
    if (auto link = container.rtnl.find(name)) return *link;
    throw Error(Code::internal, cat("failed to get bridge ", name, ": Link not found"),
                cat("there is no such interface in the container of ", container.netns.path()));
}

NlRequest connect(const Link& link, const Link& bridge) {
    NlRequest request = set_master(link, bridge);
    request.act = cat("failed to set tap ", link.name, " as a port of bridge ", bridge.name);
    return request;
}

std::vector<NlRequest> settings(const Link& link, const Config& config) {
    std::vector<NlRequest> requests;
    if (config.mac) requests.push_back(set_mac(link, *config.mac));
    if (config.mtu != 0) requests.push_back(set_mtu(link, config.mtu));
    return requests;
}

void check_id(const Link& link, std::string_view what, std::optional<std::uint32_t> actual,
              std::optional<std::uint32_t> wanted) {
    const auto text = [](std::optional<std::uint32_t> id) { return id ? cat(*id) : "nobody"; };
    if (wanted && actual != wanted)
        throw check_failure(cat("tap ", link.name, " has the ", what, " ", text(actual),
                                " instead of ", text(wanted)));
}

void check_tap(const Link& link, const Config& config) {
    const Tun& tun = *link.as<Tun>();
    if (!tun.is_tap) throw check_failure(cat("interface ", link.name, " is a tun and no tap"));
    if (!tun.is_persistent)
        throw check_failure(cat("tap ", link.name, " goes with the program that has it"));
    if (tun.is_multi_queue != config.multi_queue)
        throw check_failure(
            cat("tap ", link.name, " has ", tun.is_multi_queue ? "several queues" : "one queue"));
    check_id(link, "owner", tun.owner, config.owner);
    check_id(link, "group", tun.group, config.group);
}

void check_bridge(Container& container, const Link& link, const std::string& name) {
    if (!name.empty() && get_bridge(container, name).index != link.master)
        throw check_failure(cat("tap ", link.name, " is no port of bridge ", name));
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    NewAttachment attachment(request, "tap");
    Container& container = attachment.container;
    std::optional<Link> bridge;
    if (!config.bridge.empty()) bridge = get_bridge(container, config.bridge);
    const Fd tun = container.run(open_tun);
    attachment.start_ipam();
    const Link link = attachment.make_link(
        Tun::name, [&] { make(tun, tap_of(container.ifname, config), config.selinux_context); });
    std::vector<NlRequest> requests = settings(link, config);
    if (bridge) requests.push_back(connect(link, *bridge));
    container.rtnl.transact(requests);
    return attachment.finish_with(container.get_interface());
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    ExistingAttachment attachment(request);
    const Link link = attachment.check_interface(Tun::name);
    check_tap(link, config);
    check_bridge(attachment.container, link, config.bridge);
    attachment.check_mtu(link, config.mtu);
    attachment.check_up(link);
    if (!config.layer3) return;
    request.step("check addresses");
    check_addresses(attachment.container, link, attachment.own);
    check_routes(attachment.container, link, attachment.own);
}

void del(const Request& request) {
    Removal removal(request);
    removal.link_and_addresses(Tun::name);
    removal.finish();
}

// Taps go with their containers.
void gc(const Request& request) {
    StaleRemoval removal(request);
    removal.addresses();
    removal.finish();
}

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Ipam(request).status();
    request.step("rehearse");
    rehearse([&](Rtnl& scratch) {
        make(open_tun(), tap_of("tap0", config), config.selinux_context);
        scratch.transact(settings(scratch.get("tap0"), config));
    });
}

}  // namespace cni::tap
