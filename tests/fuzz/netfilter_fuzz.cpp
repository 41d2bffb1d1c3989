// What the kernel says of nf_tables and of flows. The first byte chooses what is asked.
// Ahead of the kernel's headers, which define the same things unless it came first.
#include <netinet/in.h>

#include <cstdint>
#include <cstdlib>

#include "attempt.h"
#include "fake_kernel.h"
#include "iptables/masquerade.h"
#include "iptables/nft_base_chains.h"
#include "iptables/nft_rule_codec.h"
#include "iptables/table.h"
#include "netfilter/conntrack.h"
#include "netfilter/masquerade.h"
#include "netfilter/spoof_check.h"
#include "plugins/portmap/iptables/backend.h"
#include "plugins/portmap/nftables/backend.h"
#include "plugins/portmap/nftables/layout.h"
#include "rules/backend.h"

namespace {

using cni::Family;
namespace nft = cni::nft;
namespace portmap = cni::portmap;

const nft::Table table{NFPROTO_INET, "t"};
const cni::Owner owner{.network = "net", .container_id = "c1", .ifname = "eth0"};

void require(bool holds) {
    if (!holds) std::abort();
}

bool is_known(const nft::Rule& rule) {
    for (const nft::Expr& expression : rule)
        if (std::holds_alternative<nft::Unknown>(expression)) return false;
    return true;
}

// What is read of a rule is what would be written to make it.
void require_round_trip(const nft::Rule& rule) {
    cni::NlMessage message(0, 0);
    nft::put_rule(message, NFTA_RULE_EXPRESSIONS, rule);
    const cni::NlAttributes<NFTA_RULE_MAX> attributes(message.raw(), 0);
    // An attribute can hold no more.
    if (message.raw()->nlmsg_len > UINT16_MAX || !is_known(rule)) return;
    require(nft::parse_rule(attributes[NFTA_RULE_EXPRESSIONS]) == rule);
}

void read_rules(nft::Connection& connection) {
    std::vector<nft::ListedRule> rules = connection.rules(table, "chain");
    if (auto found = connection.find_rule(table, "chain", 7)) rules.push_back(*std::move(found));
    for (const nft::ListedRule& rule : rules) {
        require_round_trip(rule.rule);
        require(nft::equivalent(rule.rule, rule.rule) == is_known(rule.rule));
        for (const Family family : {Family::v4, Family::v6}) {
            const auto written = cni::ipt::from_nft(rule, family);
            if (!written.foreign) cni::ipt::to_nft(written);
        }
    }
}

void read_elements(nft::Connection& connection) {
    const std::string hashes = cni::owner_hashes(owner);
    for (const nft::Element& element : connection.elements(table, "map"))
        for (const Family family : {Family::v4, Family::v6}) {
            portmap::nftables::parse_hashes(element.key);
            const auto mapping = portmap::nftables::parse_attachment_element(family, element);
            if (!mapping) continue;
            const auto again = portmap::nftables::attachment_element(hashes, 0, *mapping);
            require(portmap::nftables::parse_attachment_element(family, again) == mapping);
        }
    connection.find_element(table, "map", {1, 2, 3, 4});
}

void read_lists(nft::Connection& connection) {
    for (const nft::ListedChain& chain : connection.chains(table))
        require(chain.name.find('\0') == std::string::npos);
    connection.sets(table);
    connection.has_set(table, "s");
    connection.find_chain(table, "POSTROUTING");
    cni::ipt::is_iptables_table(connection, table);
}

void read_flows(nft::Connection& connection) {
    cni::Conntrack conntrack(connection);
    for (const Family family : {Family::v4, Family::v6})
        conntrack.remove(family, IPPROTO_TCP, {80, 443}, [&](const cni::Flow& flow) {
            require(flow.protocol == IPPROTO_TCP && (flow.port == 80 || flow.port == 443));
            require(flow.destination.family() == family && flow.answers_from.family() == family);
            return flow.answering_port % 2 == 0;
        });
}

portmap::Forwarding forwarding(Family family) {
    const char* address = family == Family::v4 ? "10.1.2.2/24" : "fd00::2/64";
    return {.owner = owner,
            .container = *cni::Prefix::parse(address),
            .mappings = {{IPPROTO_TCP, 8080, 80, {}}},
            .conditions = {}};
}

void use_iptables(nft::Connection& connection) {
    const auto addresses = {*cni::Prefix::parse("10.1.2.2/24")};
    cni::ipt::change(connection, cni::ipt::Flavour::nf_tables,
                     {Family::v4, cni::ipt::TableName::nat}, [&](cni::ipt::Table& nat) {
                         portmap::iptables::remove(nat, owner, {});
                         portmap::iptables::gc(nat, "net", {});
                         cni::ipt::remove_masquerade(nat, owner, addresses);
                         cni::ipt::gc_masquerade(nat, "net", {});
                         cni::ipt::check_masquerade(nat, owner, addresses);
                     });
}

void ask(std::uint8_t what) {
    static nft::Connection connection;
    static const auto v4 = forwarding(Family::v4), v6 = forwarding(Family::v6);
    switch (what % 12) {
        case 0:
            return read_rules(connection);
        case 1:
            return read_elements(connection);
        case 2:
            return read_lists(connection);
        case 3:
            return read_flows(connection);
        case 4:
            return use_iptables(connection);
        case 5:
            portmap::nftables::remove(connection, owner);
            return;
        case 6:
            portmap::nftables::gc(connection, "net", {});
            return;
        case 7:
            return portmap::nftables::check(connection, {v4, v6});
        case 8:
            portmap::nftables::add(connection, {v4, v6});
            return;
        case 9:
            cni::gc_masquerade(connection, "net", {});
            return;
        case 10:
            return cni::add_masquerade(connection, owner, {v4.container});
        case 11:
            cni::list_spoof_checks(connection);
            cni::remove_spoof_check(connection, "c1-eth0");
            return;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    cni::fuzz::answer_netlink_with(data + 1, size - 1);
    cni::fuzz::attempt([&] { ask(data[0]); });
    return 0;
}
