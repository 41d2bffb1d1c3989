#include "attach/foreseen.h"

#include <algorithm>

#include "attach/forwarding.h"
#include "attach/host_link.h"
#include "attach/new_attachment.h"
#include "attach/owners.h"
#include "attach/parent.h"
#include "iptables/masquerade.h"
#include "netfilter/masquerade.h"

namespace cni {
namespace {

std::string about_mtu(std::uint32_t mtu) {
    return mtu == 0 ? "" : cat(", MTU ", mtu);
}

std::string in_container(const Outlook& outlook) {
    return cat(outlook.request.args.ifname, " in the container");
}

// The names that NewAttachment tries, in its order.
std::string free_name(Rtnl& host, const Request& request) {
    for (int attempt = 0; attempt < host_link_names; ++attempt) {
        std::string name = host_link(request.conf.name, request.attachment(), attempt).name;
        if (!host.find(name)) return name;
    }
    throw Error(Code::internal, "all names of the host's end are taken by other interfaces");
}

void foresee_masquerade_in_iptables(Outlook& outlook, const Result& result) {
    const std::string chain =
        ipt::masquerade_chain(outlook.request.conf.name, outlook.request.args.container_id);
    outlook.make("chain", chain,
                 "of table nat: masquerades what goes beyond the container's own subnets");
    for (const Prefix& address : result.addresses())
        outlook.make("rule", address.ip.to_string(), cat("in POSTROUTING: jumps to ", chain));
}

}  // namespace

std::unique_ptr<Container> find_container(const Outlook& outlook) {
    if (!outlook.has_container) return nullptr;
    return std::make_unique<Container>(outlook.request.args);
}

std::unique_ptr<Container> foresee_container(Outlook& outlook, std::string_view kind) {
    auto container = find_container(outlook);
    if (container) require_new_interface(*container, kind);
    return container;
}

std::string foresee_pair(Outlook& outlook, Rtnl& host, std::string_view about, std::uint32_t mtu) {
    std::string name = free_name(host, outlook.request);
    outlook.make("veth", name,
                 cat(about, "; its other end is ", in_container(outlook), about_mtu(mtu)));
    return name;
}

std::optional<Link> foresee_link_on(Outlook& outlook, Rtnl& host, Container* container,
                                    const ParentChoice& choice, std::uint32_t mtu,
                                    std::string_view kind, std::string_view about) {
    if (choice.in_container && !container) {
        outlook.note("the master is in the container, and none was named to look into");
        foresee_link(outlook, kind, cat(about, about_mtu(mtu)));
        return {};
    }
    const Link parent = get_parent(choice, choice.in_container ? container->rtnl : host);
    require_mtu_within(parent, mtu);
    outlook.use("master", parent.name,
                cat(choice.in_container ? "in the container" : "of the host",
                    parent.is_up() ? "" : "; it is down",
                    choice.name.empty() ? "; the first default route leads through it" : ""));
    foresee_link(outlook, kind,
                 cat("on ", parent.name, about.empty() ? "" : ", ", about, about_mtu(mtu)));
    return parent;
}

void foresee_link(Outlook& outlook, std::string_view kind, std::string_view about) {
    outlook.make(kind, outlook.request.args.ifname,
                 cat("in the container", about.empty() ? "" : ", ", about));
}

void foresee_rest_of_link(Outlook& outlook, Result result) {
    for (IpConfig& ip : result.ips) ip.interface = 0;
    foresee_addressing(outlook, result);
    result.interfaces = {outlook.in_container()};
    outlook.result = std::move(result);
}

void foresee_addressing(Outlook& outlook, const Result& result) {
    for (const IpConfig& ip : result.ips)
        outlook.set("address", ip.address.to_string(), cat("on ", in_container(outlook)));
    for (const Route& route : result.routes)
        outlook.make("route", route.dst.to_string(),
                     cat("in the container", route.gw ? cat(", by ", route.gw->to_string()) : ""));
}

void foresee_forwarding(Outlook& outlook, Family family) {
    // With dots, as sysctl(8) takes it.
    std::string key = forwarding_key(family);
    std::ranges::replace(key, '/', '.');
    if (is_forwarding(family))
        outlook.use("sysctl", key, "the host forwards already");
    else
        outlook.set("sysctl", key, "to 1: the host is to forward");
}

Backend foresee_backend(Outlook& outlook, nft::Connection& nft,
                        const std::optional<std::string>& configured) {
    const BackendChoice choice = weigh_backends(nft, configured);
    outlook.use("backend", to_string(choice.backend), choice.reason);
    return choice.backend;
}

void foresee_table(Outlook& outlook, nft::Connection& nft, const nft::Table& table,
                   std::string text) {
    outlook.make_unless(nft.has_table(table), "table", table.to_string(), std::move(text));
}

void foresee_masquerading(Outlook& outlook, nft::Connection& nft,
                          const std::optional<std::string>& configured, const Result& result) {
    const Backend backend = foresee_backend(outlook, nft, configured);
    if (backend != Backend::nftables) return foresee_masquerade_in_iptables(outlook, result);
    foresee_table(outlook, nft, masquerade_table, "for masquerading");
    for (const Prefix& address : result.addresses())
        outlook.make("rule", address.ip.to_string(),
                     cat("in chain ", masquerade_checks, ": masquerades what goes beyond ",
                         address.network().to_string()));
}

std::string foreseen_host_end(const Outlook& outlook) {
    for (const Interface& interface : outlook.result.interfaces)
        if (interface.sandbox.empty() && is_name_of_host_link(interface.name))
            return interface.name;
    return {};
}

}  // namespace cni
