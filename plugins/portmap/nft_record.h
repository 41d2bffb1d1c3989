#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nft_layout.h"

/// What one attachment has in the table of one family. Its elements of the map `attachments` are
/// found without its configuration, and whatever others did to the other maps.
namespace cni::portmap::nftables {

struct Record {
    Family family;
    std::string hashes;  ///< of the owner: netfilter/owner.h
    std::vector<Forwarded> mappings;
    std::vector<Prefix> sources = {};  ///< what is masqueraded
    bool conditional = false;

    /// Of an attachment with conditions: a chain with them, and a map with its mappings.
    std::string conditions() const { return cat("c-", hashes); }
    Skeleton::Lengths lengths() const;
};

/// No mappings: nothing of the configuration applies to the family.
Record record_of(const Forwarding& forwarding);
/// nullopt when there is none.
std::optional<Record> find_record(nft::Connection& nft, Family family, const std::string& hashes);

/// The elements it has in shared maps and sets, by their names; their comment is its hashes.
std::map<std::string, std::vector<nft::Element>> shared_elements(const Record& record);

/// Makes it all; nothing of it may be there.
void put(nft::Batch& batch, const Record& record, const Forwarding& forwarding);

/// Keys of shared maps and sets to be deleted.
class Keys {
public:
    /// Those that are there with this owner (or another value and owner, to make way).
    enum class Whose { own, anybodys };
    void add(nft::Connection& nft, const Record& record, Whose whose);
    void put_deletion(nft::Batch& batch, const nft::Table& table) const;

private:
    std::map<std::string, std::set<nft::Bytes>> keys_;  // by set
};

/// Its elements of `attachments`, its chain.
void put_deletion(nft::Batch& batch, const Record& record);

/// Throws Error naming the first thing that is missing or differs.
void check(nft::Connection& nft, const Record& record, const Forwarding& forwarding);

}  // namespace cni::portmap::nftables
