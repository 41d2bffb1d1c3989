#pragma once

#include <map>
#include <utility>
#include <vector>

#include "record.h"

namespace cni::portmap::nftables {

/// What stands under some keys of the shared maps and sets of one family, as it is to become: the
/// first element of each is in force. The others wait in a map of their own; all are of one
/// container, which may have the same mappings in several networks.
class Shared {
public:
    Shared(nft::Connection& nft, Family family) : nft_(nft), family_(family) {}

    /// The record's own go; what waits behind one moves up.
    void release(const Record& record);
    /// What other containers have under the record's keys goes.
    void displace(const Record& record);
    /// The same, and the record's own come: first, or last when the container has others there.
    /// Returns the mappings that are in force instead of it.
    Translations take(const Record& record, bool goes_first);

    /// The set that lacks an element of the record's; nullopt when all are there, or wait.
    std::optional<std::string> find_incomplete(const Record& record);

    // The changes. Between the two comes what the new elements refer to.
    void put_deletions(nft::Batch& batch) const;
    void put_creations(nft::Batch& batch) const;

private:
    using Elements = std::vector<nft::Element>;
    struct Queue {
        Elements before, now;
    };
    Queue& at(const std::string& set, const nft::Bytes& key);
    Elements find_all(const std::string& set, const nft::Bytes& key);
    bool has_waiting(const std::string& set);
    /// Whether it is of another attachment of the record's container.
    bool is_of_sibling(const nft::Element& element, const Record& record);

    nft::Connection& nft_;
    const Family family_;
    std::map<std::pair<std::string, nft::Bytes>, Queue> queues_;  // by set and key
    std::map<std::string, bool> has_waiting_;                     // by set
};

}  // namespace cni::portmap::nftables
