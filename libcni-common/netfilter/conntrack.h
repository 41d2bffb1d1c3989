#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "net/ip.h"
#include "netfilter/nft.h"

/// The flows that the kernel remembers: packets of a flow go where its first one went, whatever the
/// rules say by now.
namespace cni {

struct Flow {
    std::uint8_t protocol;  ///< IPPROTO_*
    Ip destination;         ///< as the sender of the first packet wrote it
    std::uint16_t port;
    Ip answers_from;  ///< where it really goes to
    std::uint16_t answering_port;
};

/// Flows of one network namespace. A kernel that tracks none has none.
class Conntrack {
public:
    /// Over the socket of `nft`, which must outlive the object.
    explicit Conntrack(nft::Connection& nft) : socket_(nft.find_socket()) {}

    /// Deletes the flows to the ports for which `stale` is true, one by one; returns how many. The
    /// kernel goes through all that it has, also those of other namespaces: once for all ports.
    std::size_t remove(Family family, std::uint8_t protocol, const std::set<std::uint16_t>& ports,
                       const std::function<bool(const Flow&)>& stale);

private:
    struct Found;
    std::vector<Found> list(Family family, std::uint8_t protocol,
                            const std::set<std::uint16_t>& ports);
    NlSocket* socket_;
};

}  // namespace cni
