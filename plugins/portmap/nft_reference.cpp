#include "nft_reference.h"

#include "nft_layout.h"

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
    std::optional<Forwarded> mapping(Family family) const {
        const std::size_t size = Ip::any(family).size();
        if (!nat_ || protocol_.size() != 1 || port_.size() != 2 || new_address_.size() != size ||
            new_port_.size() != 2)
            return {};
        const auto number = [](const Bytes& b) {
            return static_cast<std::uint16_t>(b[0] << 8 | b[1]);
        };
        Forwarded out{protocol_[0],
                      {},
                      number(port_),
                      Ip::from_bytes(family, new_address_.data()),
                      number(new_port_)};
        if (address_.size() == size) out.host_ip = Ip::from_bytes(family, address_.data());
        return out;
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

}  // namespace

void put_removal_of_reference(nft::Connection& nft, nft::Batch& batch, Family family,
                              const std::string& container_id, std::vector<Forwarded>& removed) {
    const nft::Table table = table_of(family);
    // It makes this one first, always.
    if (!nft.find_chain(table, "hostports")) return;
    const auto its = [&](std::string_view comment) { return comment == container_id; };
    for (const char* chain : {"hostports", "hostip_hostports", "masquerading"})
        for (const nft::ListedRule& rule : nft.rules(table, chain, its)) {
            batch.delete_rule(table, chain, rule.handle);
            if (const auto mapping = ParsedRule(rule.rule).mapping(family))
                removed.push_back(*mapping);
        }
}

}  // namespace cni::portmap::nftables
