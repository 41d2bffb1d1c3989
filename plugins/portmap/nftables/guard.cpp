#include "guard.h"

#include <linux/if.h>
#include <linux/netfilter_ipv4.h>

#include "netfilter/nft_commit.h"
#include "netfilter/nft_match.h"
#include "layout.h"

namespace cni::portmap {
namespace {

using nftables::attachment_key;

const nft::Table table{NFPROTO_IPV4, "cni_portmap_guard"};
const std::string prerouting = "prerouting";
const std::string attachments = "attachments";
const std::string links_map = "links";
const std::string holders_chain = "holders";
constexpr std::uint32_t loopback_index = 1;  // of lo, in every namespace

nft::Hook hook() {
    return {"filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW};
}

std::vector<nft::Rule> rules() {
    std::vector<nft::Rule> out;
    for (const nft::Side side : {nft::Side::source, nft::Side::destination})
        out.push_back(nft::rule(
            nft::Meta{NFT_META_IIF}, nft::Cmp{nft::Op::ne, nft::host_order(loopback_index)},
            nft::address(side, nft::Op::eq, *Prefix::parse("127.0.0.0/8")), nft::drop()));
    return out;
}

std::vector<nft::Set> maps() {
    const std::uint32_t word = nft::type_mark;
    return {{.name = attachments,
             .key_type = nft::concatenated({word, word, word, word, word}),
             .key_length = static_cast<std::uint32_t>(5 * sizeof word),
             .data_type = NFT_DATA_VERDICT,
             .data_length = sizeof word},
            {.name = links_map,
             .key_type = nft::type_ifname,
             .key_length = IFNAMSIZ,
             .data_type = NFT_DATA_VERDICT,
             .data_length = sizeof word}};
}

}  // namespace

bool NftGuard::is_in_place() {
    const auto chain = nft_.find_chain(table, prerouting);
    return chain && chain->hook && chain->hook->is_same_place(hook()) &&
           nft::contains_in_order(nft_.rules(table, prerouting), rules());
}

std::optional<std::string> NftGuard::fault() {
    if (is_in_place()) return {};
    return cat("chain ", prerouting, " of nftables table ", table.to_string());
}

void NftGuard::repair(nft::Batch& batch) {
    const auto chain = nft_.find_chain(table, prerouting);
    batch.add_table(table, "CNI portmap plugin").add_chain(table, holders_chain);
    for (const nft::Set& map : maps()) batch.add_set(table, map);
    const bool is_ours = chain && chain->hook && chain->hook->is_same_place(hook());
    if (is_ours) batch.flush_chain(table, prerouting);
    if (chain && !is_ours) batch.flush_chain(table, prerouting).delete_chain(table, prerouting);
    if (!is_ours) batch.add_chain(table, prerouting, hook());
    for (const nft::Rule& rule : rules()) batch.add_rule(table, prerouting, rule);
}

void NftGuard::hold(const std::string& map, const nft::Bytes& key, const std::string& comment) {
    const nft::Element wanted{.key = key, .value = nft::jump(holders_chain), .comment = comment};
    nft::commit_unchanged(nft_, "127.0.0.0/8 is guarded", [&](nft::Batch& batch) {
        if (!is_in_place()) repair(batch);
        const auto present = nft_.find_element(table, map, key);
        if (present == wanted) return;
        if (present) batch.delete_element(table, map, key);
        batch.create_elements(table, map, {wanted});
    });
}

void NftGuard::hold(const Holder& holder) {
    hold(attachments, attachment_key(holder.hashes, 0), holder.comment());
}

void NftGuard::hold(const LinkName& shared) {
    hold(links_map, nft::interface_name(shared.name), shared.to_string());
}

std::optional<Holder> NftGuard::find(const std::string& hashes) {
    const auto element = nft_.find_element(table, attachments, attachment_key(hashes, 0));
    auto holder = element ? Holder::parse(element->comment) : std::nullopt;
    return holder && holder->hashes == hashes ? holder : std::nullopt;
}

void NftGuard::release(const std::string& map, const nft::Bytes& key, const std::string& comment) {
    nft::commit_unchanged(nft_, "127.0.0.0/8 is guarded", [&](nft::Batch& batch) {
        const auto present = nft_.find_element(table, map, key);
        if (!present || !present->comment.starts_with(comment)) return;
        const auto holders = nft_.find_chain(table, holders_chain);
        if (holders && holders->uses <= 1)
            batch.delete_table(table);
        else
            batch.delete_element(table, map, key);
    });
}

void NftGuard::release(const std::string& hashes) {
    release(attachments, attachment_key(hashes, 0), {});
}

void NftGuard::release(const LinkName& shared) {
    release(links_map, nft::interface_name(shared.name), shared.to_string());
}

std::vector<LinkName> NftGuard::links() {
    std::vector<LinkName> out;
    for (const nft::Element& element : nft_.elements(table, links_map))
        if (const auto link = LinkName::parse(element.comment)) out.push_back(*link);
    return out;
}

std::vector<Holder> NftGuard::holders() {
    std::vector<Holder> out;
    for (const nft::Element& element : nft_.elements(table, attachments))
        if (const auto holder = Holder::parse(element.comment)) out.push_back(*holder);
    return out;
}

}  // namespace cni::portmap
