#include "device.h"

#include <set>

#include "base/hash.h"
#include "netlink/table.h"
#include "parking.h"
#include "sys/sysctl.h"

namespace cni::vrf {
namespace {

Mac mark_of(const std::string& name) {
    return Mac::from_hash(sha512_hex(cat("vrf/", name)));
}

bool is_ours(const Link& link) {
    return link.is<Vrf>() && link.mac == mark_of(link.name);
}

std::uint32_t choose_table(Rtnl& rtnl) {
    return static_cast<std::uint32_t>(UnusedTables(rtnl, rules(rtnl)).take(1));
}

Link make_vrf(Undo& undo, Rtnl& rtnl, const Config& config) {
    const std::uint32_t table = config.table != 0 ? config.table : choose_table(rtnl);
    undo.on_failure("remove the VRF", [&rtnl, name = config.name] {
        for (const Link& vrf : unused_vrfs(rtnl))
            if (vrf.name == name) rtnl.apply(remove_link(vrf));
    });
    try {
        return rtnl.make_link(
            {.name = config.name, .mac = mark_of(config.name), .kind = Vrf{.table = table}});
    } catch (const NlError& error) {
        throw NlError(
            cat("could not add VRF ", config.name), error.error,
            error.error == EOPNOTSUPP ? "the kernel lacks the module vrf" : error.details);
    }
}

std::string switch_of_ipv6(const Link& link) {
    return cat("net/ipv6/conf/", link.name, "/disable_ipv6");
}

// Where IPv6 is off by default, and on for some interfaces, the kernel takes no IPv6 route through
// the VRF otherwise.
void share_ipv6(const Container& container, const Link& vrf, const Link& port) {
    container.run([&] {
        if (find_sysctl(switch_of_ipv6(port)) == "0" && find_sysctl(switch_of_ipv6(vrf)) == "1")
            set_sysctl_if_possible(switch_of_ipv6(vrf), "0");
    });
}

}  // namespace

int table_of(const Link& vrf) {
    return static_cast<int>(vrf.as<Vrf>()->table);
}

std::optional<Link> find_vrf(Rtnl& rtnl, const std::string& name) {
    auto link = rtnl.find(name);
    if (link && !link->is<Vrf>())
        throw Error(Code::internal, cat("Netlink ", name, " is not a VRF"),
                    cat("an interface of another kind has the name: choose another \"vrfname\""));
    return link;
}

Link ensure_vrf(Undo& undo, Container& container, const Config& config, const Link& port) {
    Rtnl& rtnl = container.rtnl;
    const auto there = find_vrf(rtnl, config.name);
    if (there && config.table != 0 && there->as<Vrf>()->table != config.table)
        throw Error(Code::internal,
                    cat("VRF ", config.name, " already exist with different routing table ",
                        there->as<Vrf>()->table));
    Link vrf = there ? *there : make_vrf(undo, rtnl, config);
    if (!vrf.is_up()) rtnl.apply(set_up(vrf));
    if (is_ours(vrf)) share_ipv6(container, vrf, port);
    return vrf;
}

std::vector<Link> unused_vrfs(Rtnl& rtnl) {
    auto links = rtnl.links();
    std::set<int> there, masters;
    for (const Link& link : links) {
        there.insert(link.index);
        masters.insert(link.master);
    }
    std::erase_if(links, [&](const Link& link) {
        return !is_ours(link) || masters.contains(link.index) || has_parked(link, there);
    });
    return links;
}

}  // namespace cni::vrf
