#include "guard.h"

#include <linux/if.h>
#include <linux/netfilter_ipv4.h>

#include "layout.h"
#include "netfilter/nft_commit.h"
#include "netfilter/nft_match.h"
#include "netfilter/owner_key.h"

namespace cni::portmap::nftables {
namespace {

constexpr const nft::Table& table = guard_table;
constexpr const char* prerouting = "prerouting";
constexpr const char* links_map = "links";
constexpr const char* holders_chain = "holders";
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

class NftGuard final : public Guard {
public:
    explicit NftGuard(nft::Connection& nft) : nft_(nft) {}

    void hold(const Holder& holder) override {
        put(attachments, nft::owner_key(holder.hashes, 0), holder.comment());
    }
    void hold(const LinkName& shared) override {
        put(links_map, nft::interface_name(shared.name), shared.to_string());
    }

    std::optional<Holder> find(const std::string& hashes) override {
        const auto element = nft_.find_element(table, attachments, nft::owner_key(hashes, 0));
        auto holder = element ? Holder::parse(element->comment) : std::nullopt;
        return holder && holder->hashes == hashes ? holder : std::nullopt;
    }

    void release(const std::string& hashes) override {
        drop(attachments, nft::owner_key(hashes, 0), {});
    }
    void release(const LinkName& shared) override {
        drop(links_map, nft::interface_name(shared.name), shared.to_string());
    }

    std::vector<LinkName> links() override {
        std::vector<LinkName> out;
        for (const nft::Element& element : nft_.elements(table, links_map))
            if (const auto link = LinkName::parse(element.comment)) out.push_back(*link);
        return out;
    }
    std::vector<Holder> holders() override {
        std::vector<Holder> out;
        for (const nft::Element& element : nft_.elements(table, attachments))
            if (const auto holder = Holder::parse(element.comment)) out.push_back(*holder);
        return out;
    }

    std::optional<std::string> fault() override {
        if (is_in_place()) return {};
        return cat("chain ", prerouting, " of nftables table ", table.to_string());
    }

private:
    void put(const std::string& map, const nft::Bytes& key, const std::string& comment) {
        const nft::Element wanted{
            .key = key, .value = nft::jump(holders_chain), .comment = comment};
        nft::commit_unchanged(nft_, "127.0.0.0/8 is guarded", [&](nft::Batch& batch) {
            if (!is_in_place()) repair(batch);
            const auto present = nft_.find_element(table, map, key);
            if (present == wanted) return;
            if (present) batch.delete_element(table, map, key);
            batch.create_elements(table, map, {wanted});
        });
    }

    /// The element, if its comment begins so; with the last one the table.
    void drop(const std::string& map, const nft::Bytes& key, const std::string& comment) {
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

    bool is_in_place() {
        const auto chain = nft_.find_chain(table, prerouting);
        return chain && chain->hook && chain->hook->is_same_place(hook()) &&
               nft::contains_in_order(nft_.rules(table, prerouting), rules());
    }

    void repair(nft::Batch& batch) {
        const auto chain = nft_.find_chain(table, prerouting);
        batch.add_table(table, "CNI portmap plugin").add_chain(table, holders_chain);
        for (const nft::Set& map : maps()) batch.add_set(table, map);
        const bool is_ours = chain && chain->hook && chain->hook->is_same_place(hook());
        if (is_ours) batch.flush_chain(table, prerouting);
        if (chain && !is_ours) batch.flush_chain(table, prerouting).delete_chain(table, prerouting);
        if (!is_ours) batch.add_chain(table, prerouting, hook());
        for (const nft::Rule& rule : rules()) batch.add_rule(table, prerouting, rule);
    }

    nft::Connection& nft_;
};

}  // namespace

std::unique_ptr<Guard> guard(nft::Connection& nft) {
    return std::make_unique<NftGuard>(nft);
}

}  // namespace cni::portmap::nftables
