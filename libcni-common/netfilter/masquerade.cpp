#include "netfilter/masquerade.h"

#include <linux/netfilter_ipv4.h>

#include <algorithm>
#include <set>

#include "base/contains.h"
#include "netfilter/nft_commit.h"
#include "netfilter/nft_match.h"

namespace cni {
namespace {

using nft::Batch;
using nft::Connection;
using nft::Op;
using nft::Rule;
using nft::Side;

// Names, comments and order are those of the reference plugins: either's DEL finds the other's.
constexpr const nft::Table& table = masquerade_table;
constexpr const char* checks = masquerade_checks;
constexpr const char* postrouting = "postrouting";
constexpr char table_comment[] =
    "Masquerading for plugins from github.com/containernetworking/plugins";
constexpr char checks_comment[] =
    "Masquerade traffic from certain IPs to any (non-multicast) IP outside their subnet";

nft::Hook hook() {
    return {.type = "nat", .number = NF_INET_POST_ROUTING, .priority = NF_IP_PRI_NAT_SRC};
}

Connection::CommentFilter rules_of(const Owner& owner) {
    return [known = owner_comments(owner)](std::string_view comment) {
        return contains(known, comment);
    };
}

// Who has rules in masq_checks, to be looked up: that chain has those of all attachments of the
// host. The reference plugins know nothing of it, and leave an element behind when they remove a
// rule of ours; it does no harm.
constexpr const char* attachments = "attachments";
constexpr std::uint32_t key_length = 20;

nft::Set attachments_set() {
    return {.name = attachments,
            .key_type = nft::concatenated(
                {nft::type_mark, nft::type_mark, nft::type_mark, nft::type_mark, nft::type_mark}),
            .key_length = key_length};
}

nft::Element attachment_of(const Owner& owner) {
    return {.key = owner_digest_bytes(owner, key_length), .comment = owner_comment(owner)};
}

std::vector<Rule> postrouting_rules() {
    constexpr std::uint8_t v6_multicast[16] = {0xff};
    const Ip v4 = *Ip::parse("224.0.0.0"), v6 = Ip::from_bytes(Family::v6, v6_multicast);
    return {nft::rule(nft::family_is(Family::v4), nft::address(Side::destination, Op::eq, {v4, 4}),
                      nft::back()),
            nft::rule(nft::family_is(Family::v6), nft::address(Side::destination, Op::eq, {v6, 8}),
                      nft::back()),
            nft::rule(nft::go_to(checks))};
}

// Addresses of either family come through the chain, since its table is inet: what is at the offset
// of a source in IPv4 is part of something else in IPv6.
Rule masquerade_rule(const Prefix& address) {
    return nft::rule(nft::family_is(address.ip.family()),
                     nft::address(Side::source, Op::eq, Prefix::host(address.ip)),
                     nft::address(Side::destination, Op::ne, address), nft::Masquerade{});
}

bool is_hooked(Connection& nft) {
    const auto chain = nft.find_chain(table, postrouting);
    return chain && chain->hook && chain->hook->is_same_place(hook());
}

void put_table(Batch& batch) {
    batch.add_table(table, table_comment);
    batch.add_chain(table, checks, {}, checks_comment);
    batch.add_chain(table, postrouting, hook());
    batch.flush_chain(table, postrouting);
    for (const Rule& rule : postrouting_rules()) batch.add_rule(table, postrouting, rule);
}

bool is_in_place(Connection& nft) {
    return is_hooked(nft) && contains_in_order(nft.rules(table, postrouting), postrouting_rules());
}

bool has_rules(Connection& nft) {
    const auto chain = nft.find_chain(table, checks);
    return chain && chain->uses > 1;  // the first is the jump to it
}

// The table stays as the reference plugins leave it. Who deletes the last of several rules at once
// is only known afterwards: the listing from before had those of the others in it.
void drop_unused_set(Connection& nft) {
    if (has_rules(nft)) return;
    nft::commit_unchanged(nft, "masquerading is removed", [&](Batch& batch) {
        if (!has_rules(nft) && nft.has_set(table, attachments))
            batch.delete_set(table, attachments);
    });
}

[[noreturn]] void report_missing(std::string_view what, std::string_view chain) {
    throw Error(Code::internal, cat("masquerading: ", what, " is missing from chain ", chain,
                                    " of nftables table ", table.to_string()));
}

}  // namespace

void add_masquerade(Connection& nft, const Owner& owner, const std::vector<Prefix>& addresses) {
    const nft::Element attachment = attachment_of(owner);
    const auto put = [&](Batch& batch) {
        // Not sent for good measure: changing a base chain or flushing it makes the process wait
        // when it closes the connection.
        if (!is_in_place(nft)) put_table(batch);
        if (!nft.has_set(table, attachments)) batch.add_set(table, attachments_set());
        batch.add_element(table, attachments, attachment);
        for (const Prefix& address : addresses)
            batch.add_rule(table, checks, masquerade_rule(address), attachment.comment);
    };
    // Another's rules are not listed to find that the owner has none.
    if (nft.find_element(table, attachments, attachment.key))
        delete_rules(nft, table, checks, rules_of(owner), put);
    else
        delete_rules(nft, table, checks, rules_of(owner), {}, put);
}

// The chain is listed, which takes 2 us for each rule that anybody has in it. The kernel finds a
// rule by its handle only (nft_rule_lookup in net/netfilter/nf_tables_api.c). The handles of ours
// could be told by an object made in the same batch, but not that there are no others of the owner:
// rules of the reference plugins have nothing but their comment, and either's ADD may follow the
// other's.
bool remove_masquerade(Connection& nft, const Owner& owner) {
    const nft::Bytes key = attachment_of(owner).key;
    const auto deleted = delete_rules(nft, table, checks, rules_of(owner), [&](Batch& batch) {
        if (nft.find_element(table, attachments, key))
            batch.delete_element(table, attachments, key);
    });
    drop_unused_set(nft);
    return deleted > 0;
}

void check_masquerade(Connection& nft, const Owner& owner, const std::vector<Prefix>& addresses) {
    if (!is_hooked(nft)) report_missing("the postrouting hook", postrouting);
    if (!contains_in_order(nft.rules(table, postrouting), postrouting_rules()))
        report_missing(cat("a jump to ", checks), postrouting);
    const auto listed = nft.rules(table, checks, rules_of(owner));
    for (const Prefix& address : addresses) {
        const Rule wanted = masquerade_rule(address);
        if (std::ranges::none_of(listed, [&](const auto& r) { return equivalent(r.rule, wanted); }))
            report_missing(cat("the rule for ", address.to_string(), " of container ",
                               quote(owner.container_id), " interface ", owner.ifname),
                           checks);
    }
}

std::size_t gc_masquerade(Connection& nft, const std::string& network,
                          const std::vector<Owner>& valid) {
    std::set<std::string, std::less<>> kept;
    for (const Owner& owner : valid)
        for (std::string& comment : owner_comments({network, owner.container_id, owner.ifname}))
            kept.insert(std::move(comment));
    const auto is_stale = [&](std::string_view comment) {
        return is_comment_of_network(network, comment) && !kept.contains(comment);
    };
    const auto deleted = delete_rules(nft, table, checks, is_stale, [&](Batch& batch) {
        std::vector<nft::Bytes> keys;
        for (const nft::Element& element : nft.elements(table, attachments))
            if (is_stale(element.comment)) keys.push_back(element.key);
        batch.delete_elements(table, attachments, keys);
    });
    drop_unused_set(nft);
    return deleted;
}

std::optional<std::string> masquerade_problem(Connection& nft) {
    // A table that was made once can be made again.
    if (is_hooked(nft)) return {};
    Batch batch;
    put_table(batch);
    batch.add_rule(table, checks, masquerade_rule(Prefix::host(Ip())));
    return nft.rehearse(std::move(batch));
}

}  // namespace cni
