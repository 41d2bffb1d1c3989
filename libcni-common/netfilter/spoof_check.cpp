#include "netfilter/spoof_check.h"

#include <linux/netfilter_bridge.h>

#include <algorithm>

#include "base/hash.h"
#include "netfilter/nft_match.h"
#include "netfilter/optimistic_commit.h"

namespace cni {
namespace {

using nft::Batch;
using nft::Connection;
using nft::ListedChain;
using nft::ListedRule;
using nft::Rule;

// Names, comments and order are those of the reference plugins: either's DEL finds the other's.
constexpr const nft::Table& table = spoof_check_table;
constexpr const char* prerouting = "PREROUTING";
constexpr std::string_view comment_prefix = "macspoofchk-";
constexpr std::string_view chain_prefix = "cni-br-iface-";
constexpr std::string_view mac_suffix = "-mac";

// The kernel numbers what a table holds in the order of its making. A check made by one batch of
// put_check: two chains, three rules in them, then the jump.
constexpr std::uint64_t jump_after_chain = 5;
// Its own rule, and that jump.
constexpr std::uint32_t uses_of_chain = 2;

nft::Hook hook() {
    return {.type = "filter", .number = NF_BR_PRE_ROUTING, .priority = NF_BR_PRI_NAT_DST_BRIDGED};
}

struct Names {
    explicit Names(const std::string& reference)
        : chain(spoof_chain(reference)),
          mac_chain(spoof_mac_chain(reference)),
          comment(cat(comment_prefix, reference)) {}
    Connection::CommentFilter filter() const {
        return [this](std::string_view text) { return text == comment; };
    }
    std::string chain, mac_chain, comment;
};

Rule jump_rule(const Names& names, const std::string& host_ifname) {
    return nft::rule(nft::input_interface(host_ifname), nft::jump(names.chain));
}

std::vector<Rule> chain_rules(const Names& names) {
    return {nft::rule(nft::jump(names.mac_chain))};
}

std::vector<Rule> mac_chain_rules(const Mac& mac) {
    return {nft::rule(nft::ether_source(mac), nft::back()), nft::rule(nft::drop())};
}

bool is_hooked(Connection& nft) {
    const auto chain = nft.find_chain(table, prerouting);
    return chain && chain->hook && chain->hook->is_same_place(hook());
}

// Only where it is missing: the kernel takes it for a change when a base chain that exists is named
// again, and closing the socket waits as it does after a deletion (see Connection).
void put_table(Batch& batch) {
    batch.add_table(table);
    batch.add_chain(table, prerouting, hook());
}

// Behind its two chains.
void put_rules(Batch& batch, const Names& names, const std::string& host_ifname, const Mac& mac) {
    for (const Rule& r : chain_rules(names)) batch.add_rule(table, names.chain, r, names.comment);
    for (const Rule& r : mac_chain_rules(mac))
        batch.add_rule(table, names.mac_chain, r, names.comment);
    batch.add_rule(table, prerouting, jump_rule(names, host_ifname), names.comment);
}

void put_check(Batch& batch, const Names& names, const std::string& host_ifname, const Mac& mac) {
    batch.add_chain(table, names.chain).add_chain(table, names.mac_chain);
    put_rules(batch, names, host_ifname, mac);
}

void put_deletion_of_chains(Connection& nft, Batch& batch, const Names& names) {
    for (const std::string& chain : {names.chain, names.mac_chain})
        if (nft.find_chain(table, chain)) batch.delete_chain(table, chain);
}

/// The jump to a chain made by one batch, found without listing PREROUTING, which has one rule for
/// every attachment of the host.
std::optional<ListedRule> find_jump(Connection& nft, const ListedChain& chain, const Names& names) {
    if (chain.uses != uses_of_chain) return {};
    auto rule = nft.find_rule(table, prerouting, chain.handle + jump_after_chain);
    if (!rule || rule->comment != names.comment) return {};
    return rule;
}

/// Deletes what there is of the check, and does `also` in the same batch.
void replace_check(Connection& nft, const Names& names, const std::function<void(Batch&)>& also) {
    const auto chain = nft.find_chain(table, names.chain);
    const auto batch_rest = [&](Batch& batch) {
        put_deletion_of_chains(nft, batch, names);
        also(batch);
    };
    // Nothing jumps to a chain that does not exist.
    if (!chain) {
        delete_rules(nft, table, prerouting, names.filter(), {}, batch_rest);
    } else if (const auto jump = find_jump(nft, *chain, names)) {
        delete_rules(nft, table, prerouting, names.filter(), {jump->handle}, batch_rest);
    } else {
        delete_rules(nft, table, prerouting, names.filter(), batch_rest);
    }
}

bool equal_rules(const std::vector<ListedRule>& listed, const std::vector<Rule>& wanted) {
    return std::ranges::equal(
        listed, wanted, [](const ListedRule& l, const Rule& w) { return equivalent(l.rule, w); });
}

[[noreturn]] void report_missing(std::string_view what, const std::string& chain) {
    throw Error(Code::internal, cat("MAC spoof check: ", what, " is missing from chain ", chain,
                                    " of nftables table ", table.to_string()));
}

/// The interface name that a rule begins by comparing with.
std::string input_interface_of(const Rule& rule) {
    if (rule.size() < 2) return {};
    const auto* meta = std::get_if<nft::Meta>(&rule.front());
    const auto* name = std::get_if<nft::Cmp>(&rule[1]);
    if (!meta || !name || meta->key != NFT_META_IIFNAME || name->op != nft::Op::eq) return {};
    return {name->data.begin(), std::ranges::find(name->data, 0)};
}

}  // namespace

std::string spoof_chain(std::string_view reference) {
    return cat(chain_prefix, reference);
}

std::string spoof_mac_chain(std::string_view reference) {
    return cat(spoof_chain(reference), mac_suffix);
}

std::string spoof_reference(std::string_view container_id, std::string_view ifname) {
    constexpr std::size_t limit = std::min(nft::name_max - chain_prefix.size() - mac_suffix.size(),
                                           nft::comment_max - comment_prefix.size());
    std::string reference = cat(container_id, "-", ifname);
    return reference.size() <= limit ? reference : sha512_hex(reference);
}

std::string own_spoof_reference(const Owner& owner) {
    constexpr std::size_t digits = 64;  // the `nft` program takes 128 bytes of a comment
    return owner_digest(owner).substr(0, digits);
}

std::optional<std::vector<std::string>> spoof_check_ports(Connection& nft,
                                                          const std::string& reference) {
    const Names names(reference);
    std::vector<std::string> ports;
    const auto chain = nft.find_chain(table, names.chain);
    if (!chain) return nft.find_chain(table, names.mac_chain) ? std::optional(ports) : std::nullopt;
    if (const auto jump = find_jump(nft, *chain, names)) return {{input_interface_of(jump->rule)}};
    if (chain->uses == 0) return ports;
    for (const ListedRule& rule : nft.rules(table, prerouting, names.filter()))
        ports.push_back(input_interface_of(rule.rule));
    return ports;
}

bool create_spoof_check(Connection& nft, const std::string& reference,
                        const std::string& host_ifname, const Mac& mac) {
    const Names names(reference);
    bool is_taken = false;
    const auto attempt = [&](Refusals refusals) {
        Batch batch;
        if (!is_hooked(nft)) put_table(batch);
        batch.create_chain(table, names.chain).create_chain(table, names.mac_chain);
        put_rules(batch, names, host_ifname, mac);
        if (refusals == Refusals::thrown) batch.insist();
        const nft::Outcome outcome = nft.try_commit(std::move(batch));
        is_taken = outcome == nft::Outcome::exists;
        return outcome == nft::Outcome::missing ? Try::refused : Try::done;
    };
    commit_optimistically(attempt, "nftables while a spoof check is made");
    return !is_taken;
}

void add_spoof_check(Connection& nft, const std::string& reference, const std::string& host_ifname,
                     const Mac& mac) {
    const Names names(reference);
    replace_check(nft, names, [&](Batch& batch) {
        if (!is_hooked(nft)) put_table(batch);
        put_check(batch, names, host_ifname, mac);
    });
}

bool remove_spoof_check(Connection& nft, const std::string& reference) {
    const Names names(reference);
    if (!nft.find_chain(table, names.chain) && !nft.find_chain(table, names.mac_chain))
        return false;
    replace_check(nft, names, [](Batch&) {});
    return true;
}

void check_spoof_check(Connection& nft, const std::string& reference,
                       const std::string& host_ifname, const Mac& mac) {
    const Names names(reference);
    if (!is_hooked(nft)) report_missing("the prerouting hook", prerouting);
    if (!equal_rules(nft.rules(table, names.chain), chain_rules(names)))
        report_missing(cat("the jump to ", names.mac_chain), names.chain);
    if (!equal_rules(nft.rules(table, names.mac_chain), mac_chain_rules(mac)))
        report_missing(cat("the rule that returns ", mac.to_string(), " and drops the rest"),
                       names.mac_chain);
    const Rule wanted = jump_rule(names, host_ifname);
    const auto jumps = nft.rules(table, prerouting, names.filter());
    if (std::ranges::none_of(jumps, [&](const auto& r) { return equivalent(r.rule, wanted); }))
        report_missing(cat("the jump for ", host_ifname, " to ", names.chain), prerouting);
}

std::vector<SpoofCheck> list_spoof_checks(Connection& nft) {
    std::vector<SpoofCheck> out;
    const auto ours = [](std::string_view comment) { return comment.starts_with(comment_prefix); };
    for (const ListedRule& rule : nft.rules(table, prerouting, ours))
        out.push_back({rule.comment.substr(comment_prefix.size()), input_interface_of(rule.rule)});
    return out;
}

std::optional<std::string> spoof_check_problem(Connection& nft) {
    // A table that was made once can be made again.
    if (is_hooked(nft)) return {};
    Batch batch;
    put_table(batch);
    put_check(batch, Names("probe"), "probe", Mac{});
    return nft.rehearse(std::move(batch));
}

}  // namespace cni
