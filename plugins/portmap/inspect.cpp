#include "inspect.h"

#include <netinet/in.h>

#include "attach/foreseen.h"
#include "attach/owners.h"
#include "config.h"
#include "container/chained.h"
#include "iptables/guard.h"
#include "iptables/names.h"
#include "iptables/rules.h"
#include "nftables/guard.h"
#include "nftables/layout.h"

namespace cni::portmap {
namespace {

std::string protocol_name(std::uint8_t protocol) {
    return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : "sctp";
}

std::string host_text(const HostPort& port) {
    return cat(port.ip ? port.ip->to_string() : std::string("any address"), " port ", port.port);
}

void foresee_in_nftables(Outlook& outlook, nft::Connection& nft, const Forwarding& forwarding) {
    const nft::Table table = nftables::table_of(forwarding.family());
    foresee_table(outlook, nft, table, "for port mappings");
    const bool is_conditional = !forwarding.conditions.empty();
    outlook.make_unless(nft.has_table(table), "map",
                        is_conditional ? nftables::conditional_mappings : nftables::mappings,
                        "gets what follows as elements");
}

void foresee_in_iptables(Outlook& outlook, const Forwarding& forwarding) {
    const std::string chain = iptables::chain_of(forwarding.owner);
    outlook.make("chain", chain,
                 cat("of table nat for ", forwarding.container.ip.is_v4() ? "IPv4" : "IPv6", "; ",
                     iptables::hostport_dnat, " jumps to it"));
}

void foresee_guard(Outlook& outlook, nft::Connection& nft, Backend backend, bool snat) {
    constexpr const char* text = "keeps everybody but the host from its 127.0.0.0/8";
    if (backend == Backend::nftables)
        foresee_table(outlook, nft, nftables::guard_table, text);
    else
        outlook.use("chain", iptables::guard_chain, text);
    if (snat)
        outlook.note(
            "route_localnet is 1 on the interface of the host that leads there: the host "
            "reaches these ports by 127.0.0.1 too");
}

}  // namespace

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf);
    if (outlook.is_known) require_chained(outlook.request);
    if (config.mappings.empty()) return outlook.note("no port is to be forwarded");
    nft::Connection nft;
    const Backend backend = foresee_backend(outlook, nft, config.backend);
    if (!outlook.is_known && outlook.result.ips.empty())
        outlook.note("ports are forwarded to addresses that are not known before");
    for (const Forwarding& forwarding :
         forwardings(config, outlook.result, owner_of(outlook.request))) {
        if (forwarding.empty()) continue;
        if (forwarding.family() == Family::v4)
            foresee_guard(outlook, nft, backend, forwarding.snat);
        if (backend == Backend::nftables)
            foresee_in_nftables(outlook, nft, forwarding);
        else
            foresee_in_iptables(outlook, forwarding);
        for (const Translation& each : forwarding.translations())
            outlook.make("port", cat(each.from.port, "/", protocol_name(each.from.protocol)),
                         cat(host_text(each.from), " leads to ", each.to.to_string(), " port ",
                             each.to_port));
    }
}

}  // namespace cni::portmap
