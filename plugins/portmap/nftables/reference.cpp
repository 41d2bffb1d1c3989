#include "reference.h"

#include "layout.h"

namespace cni::portmap::nftables {
namespace {

using nft::Bytes;

/// The values that a rule of the reference plugin compares and assigns, in its own order:
/// [address,] protocol, port, new address, new port.
class ParsedRule {
public:
    explicit ParsedRule(const nft::Rule& rule) {
        for (const nft::Expr& expression : rule) std::visit(*this, expression);
    }
    std::optional<Translation> translation(Family family) const {
        const std::size_t size = Ip::any(family).size();
        if (!nat_ || protocol_.size() != 1 || port_.size() != 2 || new_address_.size() != size ||
            new_port_.size() != 2)
            return {};
        const auto number = [](const Bytes& b) {
            return static_cast<std::uint16_t>(b[0] << 8 | b[1]);
        };
        return Translation{{protocol_[0], address(family), number(port_)},
                           Ip::from_bytes(family, new_address_.data()),
                           number(new_port_)};
    }

    std::optional<Ip> address(Family family) const {
        if (address_.size() != Ip::any(family).size()) return {};
        return Ip::from_bytes(family, address_.data());
    }

    void operator()(const nft::Meta& e) {
        loaded_ = e.key == NFT_META_L4PROTO ? &protocol_ : nullptr;
    }
    void operator()(const nft::Payload& e) {
        loaded_ = e.base == NFT_PAYLOAD_NETWORK_HEADER     ? &address_
                  : e.base == NFT_PAYLOAD_TRANSPORT_HEADER ? &port_
                                                           : nullptr;
    }
    void operator()(const nft::Cmp& e) {
        if (loaded_) *loaded_ = e.data;
    }
    void operator()(const nft::Immediate& e) {
        (e.data.size() == 2 ? new_port_ : new_address_) = e.data;
    }
    void operator()(const nft::Nat& e) { nat_ = e.type == NFT_NAT_DNAT; }
    template <typename T>
    void operator()(const T&) {}

private:
    Bytes protocol_, address_, port_, new_address_, new_port_;
    Bytes* loaded_ = nullptr;
    bool nat_ = false;
};

// It makes this one first, always.
constexpr const char* first_chain = "hostports";
// One that only ancient versions put rules into.
constexpr const char* ancient_chain = "hostip_hostports";
constexpr const char* masquerading = "masquerading";

/// Of several addresses that a rule compares the last: the destination.
bool is_to(const std::optional<Ip>& destination, const std::vector<Ip>& addresses, Family family) {
    bool any_known = false;
    for (const Ip& address : addresses) {
        if (address == destination) return true;
        any_known = any_known || address.family() == family;
    }
    return !any_known;
}

}  // namespace

bool has_reference_rules(nft::Connection& nft, Family family) {
    const auto chain = nft.find_chain(table_of(family), first_chain);
    // Its rules, and the jump to it.
    return chain && chain->uses > 1;
}

void put_removal_of_reference(nft::Connection& nft, nft::Batch& batch, Family family,
                              const std::string& container_id, const std::vector<Ip>& addresses,
                              Translations& removed) {
    const nft::Table table = table_of(family);
    if (!nft.find_chain(table, first_chain)) return;
    const auto its = [&](std::string_view comment) { return comment == container_id; };
    for (const char* chain : {first_chain, ancient_chain, masquerading})
        for (const nft::ListedRule& rule : nft.rules(table, chain, its)) {
            const ParsedRule parsed(rule.rule);
            const auto translation = parsed.translation(family);
            const auto to = translation ? translation->to : parsed.address(family);
            if (!is_to(to, addresses, family)) continue;
            batch.delete_rule(table, chain, rule.handle);
            if (translation) removed.push_back(*translation);
        }
}

Translations put_displacement_of_reference(nft::Connection& nft, nft::Batch& batch,
                                           const Record& record, bool goes_first) {
    Translations kept;
    const nft::Table table = table_of(record.family);
    if (!nft.find_chain(table, first_chain)) return kept;
    std::set<nft::Bytes> keys;
    for (const Translation& t : record.translations) keys.insert(mapping_element(t).key);
    const Ip& own = record.translations.front().to;
    for (const char* chain : {ancient_chain, first_chain})
        for (const nft::ListedRule& rule : nft.rules(table, chain)) {
            const auto translation = ParsedRule(rule.rule).translation(record.family);
            if (!translation || !keys.contains(mapping_element(*translation).key)) continue;
            if (!goes_first && rule.comment == record.container_id && translation->to != own)
                kept.push_back(*translation);
            else
                batch.delete_rule(table, chain, rule.handle);
        }
    return kept;
}

}  // namespace cni::portmap::nftables
