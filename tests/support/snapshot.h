#pragma once

#include <map>
#include <string>

namespace cni::test {

/// What can be left behind, as sorted text lines, without what changes by itself (counters,
/// handles, lifetimes, neighbour entries, what the kernel adds to every IPv6 link). Compare whole,
/// or field by field where an operation may leave something.
struct Snapshot {
    std::string links;  ///< of the thread's network namespace, with kind, flags and master
    std::string addresses;
    std::string routes;                        ///< all tables, both families
    std::string rules;                         ///< policy routing
    std::string queueing;                      ///< qdiscs that were given to links, and filters
    std::string nftables;                      ///< with the rules of iptables-nft
    std::string iptables;                      ///< the legacy tables in use, both families
    std::map<std::string, std::string> files;  ///< path to content, below /var/lib/cni and /run

    bool operator==(const Snapshot&) const = default;
};

/// Of the calling thread's network namespace.
Snapshot take_snapshot();
/// Links, addresses, routes and rules only.
Snapshot take_network_snapshot();

/// What GoogleTest prints when two differ.
void PrintTo(const Snapshot& snapshot, std::ostream* stream);

}  // namespace cni::test
