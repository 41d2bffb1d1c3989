#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "../forwarding.h"
#include "netfilter/nft_layout.h"

/// What stands in tables `ip cni_hostport` and `ip6 cni_hostport`, independent of the chains that
/// the reference plugin has in the same tables:
///
/// | object | what it is |
/// |---|---|
/// | map mappings | address . protocol . port : container address . port; any address is 0.0.0.0 |
/// | map conditional_mappings | the same keys : jump to the attachment's chain |
/// | chain ports | looks a packet up in both, exact address first |
/// | chains ports_prerouting, ports_output | send it what is addressed to this host |
/// | maps waiting_<map> | the key . 0, 1, ... : what a container's other attachments have there |
/// | set masquerade_<n> | first n bits of source . container address . protocol . port |
/// | chain mapped_masquerade | looks what was translated up in those |
/// | chain mapped_postrouting | sends it what was translated |
/// | map attachments | hashes of an attachment . 0, 1, ... : its mappings: how DEL finds them |
/// | chain, map c-<hashes> | of an attachment with conditions: them, then its own mappings |
namespace cni::portmap::nftables {

inline constexpr const char* mappings = "mappings";
inline constexpr const char* conditional_mappings = "conditional_mappings";
inline constexpr const char* attachments = "attachments";
constexpr std::string_view table_comment = "CNI portmap plugin";

nft::Table table_of(Family family);

nft::Element mapping_element(const Translation& translation);
/// Read back; nullopt for one with another value.
std::optional<Translation> parse_mapping_element(Family family, const nft::Element& element);

/// Element of `attachments`: number `index` of the attachment with these hashes
/// (netfilter/owner.h).
nft::Element attachment_element(const std::string& hashes, std::size_t index,
                                const Translation& translation);
/// Read back; nullopt when it is none.
std::optional<Translation> parse_attachment_element(Family family, const nft::Element& element);

/// A map with the keys and values of mapping_element.
nft::Set mapping_map(Family family, const std::string& name);
/// "dnat to ip daddr . meta l4proto . th dport map @name", for the packet's own destination address
/// and for any.
std::vector<nft::Rule> translation_rules(Family family, const std::string& map);

/// Where elements of `map` wait, and under which keys.
std::string waiting_map(const std::string& map);
nft::Set waiting_map_of(Family family, const std::string& map);
nft::Bytes waiting_key(const nft::Bytes& key, std::size_t place);

/// "masquerade_24" for a source of 10.1.2.0/24.
std::string masquerade_set(const Prefix& source);
nft::Bytes masquerade_key(const Prefix& source, const Translation& translation);

/// What all attachments of a family share. `lengths` are those of the sources that somebody wants
/// masqueraded.
class Skeleton {
public:
    using Lengths = std::set<int>;
    explicit Skeleton(Family family) : family_(family), table_(table_of(family)) {}

    /// As far as two lookups tell: the chains have as many rules as they should.
    bool looks_intact(nft::Connection& nft, std::size_t lengths) const;
    /// What is missing or differs ("chain ports"); nullopt when all is in place.
    std::optional<std::string> fault(nft::Connection& nft, const Lengths& lengths) const;
    /// Makes or repairs what is missing or differs.
    void put(nft::Connection& nft, nft::Batch& batch, Lengths lengths) const;
    /// Makes all of it; there must be nothing yet.
    void put_new(nft::Batch& batch, const Lengths& lengths) const;

private:
    std::vector<nft::Set> sets(const Lengths& lengths) const;
    std::vector<nft::ChainLayout> chains(const Lengths& lengths) const;

    Family family_;
    nft::Table table_;
};

}  // namespace cni::portmap::nftables
