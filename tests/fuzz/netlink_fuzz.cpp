// What the kernel says of links, addresses and routes. The first byte chooses what is asked.

#include <linux/rtnetlink.h>

#include <cstdint>
#include <cstdlib>

#include "attempt.h"
#include "fake_kernel.h"
#include "netlink/address.h"
#include "netlink/bridge_vlan.h"
#include "netlink/link.h"
#include "netlink/route.h"
#include "netlink/rule.h"
#include "netlink/tc/filter.h"
#include "netlink/tc/qdisc.h"

namespace {

using cni::Family;

void require(bool holds) {
    if (!holds) std::abort();
}

void require_prefix(const cni::Prefix& prefix, Family family) {
    require(prefix.ip.family() == family && prefix.length >= 0 &&
            prefix.length <= prefix.ip.bits());
    const std::string text = prefix.to_string();
    const bool is_mapped = family == Family::v6 && text.find('.') != text.npos;
    require(is_mapped || cni::Prefix::parse(text) == prefix);
}

void read_addresses(cni::Rtnl& rtnl, const cni::Link& link, Family family) {
    for (const cni::Address& address : cni::addresses(rtnl, link, family))
        require_prefix(address.prefix, family);
    for (const cni::Address& address : cni::addresses_besides(rtnl, link))
        require_prefix(address.prefix, address.prefix.ip.family());
}

void read_routes(cni::Rtnl& rtnl, const cni::Link& link, Family family) {
    for (const cni::Route& route : cni::routes(rtnl, link, family)) {
        require_prefix(route.dst, family);
        require(!route.gw || route.gw->family() == family);
        require(!route.source || route.source->family() == family);
        // Whatever was listed can be given back.
        cni::add_route(link, route);
        require(!cni::leads_elsewhere(cni::only_through(link, route), link));
    }
    cni::visit_paths(rtnl, link, family,
                     [](const cni::Route& path) { require(path.next_hops.empty()); });
    for (const int index : cni::links_of_routes(rtnl, family, RTPROT_RA, link.index))
        require(index == link.index);
}

void read_rules(cni::Rtnl& rtnl) {
    for (const cni::Rule& rule : cni::rules(rtnl)) {
        if (rule.from) require_prefix(*rule.from, rule.family);
        if (rule.to) require_prefix(*rule.to, rule.family);
        cni::add_rule(rule);
    }
}

void read_vlans(cni::Rtnl& rtnl, const cni::Link& link) {
    std::uint16_t last = 0;
    for (const cni::PortVlan& vlan : cni::vlans(rtnl, link)) {
        require(vlan.id >= last && vlan.id < 4095);
        last = vlan.id;
    }
}

void read_links(cni::Rtnl& rtnl, const cni::Link& link) {
    for (const cni::Link& port : rtnl.ports(link)) require(port.master == link.index);
    for (const cni::Link& veth : rtnl.veths()) require(veth.is<cni::Veth>());
}

void read_qdiscs(cni::Rtnl& rtnl, const cni::Link& link) {
    if (const auto root = cni::find_root_qdisc(rtnl, link)) require(root->handle != 0);
    for (const cni::Qdisc& qdisc : cni::qdiscs(rtnl)) {
        require(bool(qdisc.tbf) == (qdisc.kind == cni::Tbf::name));
        require(qdisc.to_string().ends_with(':'));
    }
}

void read_filters(cni::Rtnl& rtnl, const cni::Link& link) {
    for (const cni::Filter& filter : cni::filters(rtnl, link)) {
        require(filter.handle != 0 && (!filter.redirected_to || filter.kind == "u32"));
        cni::remove_filter(link, filter);
    }
}

void find_links(cni::Rtnl& rtnl) {
    if (const auto found = rtnl.find("eth0")) require(found->name.find('\0') == std::string::npos);
    rtnl.find(7);
    rtnl.make_link({.name = "veth0", .kind = cni::Veth{.peer = {.name = "eth0"}}});
}

void ask(std::uint8_t what) {
    static cni::Rtnl rtnl;
    static const cni::Link link{.index = 2, .name = "eth0"};
    switch (what % 11) {
        case 0:
            return find_links(rtnl);
        case 1:
            return read_links(rtnl, link);
        case 2:
            return read_addresses(rtnl, link, Family::v4);
        case 3:
            return read_addresses(rtnl, link, Family::v6);
        case 4:
            return read_routes(rtnl, link, Family::v4);
        case 5:
            return read_routes(rtnl, link, Family::v6);
        case 6:
            return read_vlans(rtnl, link);
        case 7:
            cni::is_local(rtnl, cni::Ip::any(Family::v6));
            return;
        case 8:
            return read_rules(rtnl);
        case 9:
            return read_qdiscs(rtnl, link);
        case 10:
            return read_filters(rtnl, link);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    cni::fuzz::answer_netlink_with(data + 1, size - 1);
    cni::fuzz::attempt([&] { ask(data[0]); });
    return 0;
}
