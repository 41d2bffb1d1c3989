#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "layout.h"

/// What one attachment has in the table of one family: what is written of a Forwarding, and what is
/// read back to remove it. Its elements of the map `attachments` are found without its
/// configuration, and whatever others did to the other maps.
namespace cni::portmap::nftables {

struct Record {
    Family family;
    std::string hashes;  ///< of the owner: netfilter/owner.h
    Translations translations;
    std::string container_id = {};     ///< "" when it is not known
    std::vector<Prefix> sources = {};  ///< what is masqueraded
    bool conditional = false;

    /// Of an attachment with conditions: a chain with them, and a map with its mappings.
    std::string conditions() const { return cat("c-", hashes); }
    Skeleton::Lengths lengths() const;
};

/// As it is to be.
Record record_of(const Forwarding& forwarding);
/// nullopt when there is none: elements under its hashes that do not name the owner are not his.
std::optional<Record> find_record(nft::Connection& nft, Family family, const Owner& owner);
/// Whoever's it is, as long as he is of the network: for GC.
std::optional<Record> find_record(nft::Connection& nft, Family family, const std::string& network,
                                  const std::string& hashes);
/// Throws Error when there is one of somebody else under the owner's hashes.
void require_no_record(nft::Connection& nft, Family family, const Owner& owner);

/// The elements it has in shared maps and sets, by their names; their comments say whose they are.
std::map<std::string, std::vector<nft::Element>> shared_elements(const Record& record);

/// Whose an element of a shared map is, by its comment.
struct ElementOwner {
    std::string hashes;
    std::string container;  ///< container_hash; "" as the previous version wrote it
};
std::optional<ElementOwner> parse_element_owner(std::string_view comment);
std::string container_hash(const std::string& container_id);
/// Whether it is the record's element `wanted`, whatever its key is: it may be waiting.
bool is_own(const nft::Element& element, const nft::Element& wanted, const Record& record);

/// Makes what it has for itself; nothing of it may be there.
void put(nft::Batch& batch, const Record& record, const Forwarding& forwarding);

/// Its elements of `attachments`, its chain.
void put_deletion(nft::Batch& batch, const Record& record);

/// Throws Error naming the first thing that is missing or differs.
void check(nft::Connection& nft, const Forwarding& forwarding);

}  // namespace cni::portmap::nftables
