#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "container/container.h"
#include "netfilter/nft.h"
#include "netlink/link_removal.h"
#include "sys/orphan.h"

namespace cni {

/// The sockets of an operation, and its way to end once its effects can be seen. What the kernel
/// does behind them, and makes whoever asked for them wait for, is left to an Orphan: the rest of
/// the removal of links, and the closing of netfilter's socket (netfilter/closing.h), which is not
/// closed before the object goes.
///
/// This process waits itself where there is no orphan, and with CNI_AWAIT_KERNEL=1 in the
/// environment. What is built with CNIXX_AWAIT_KERNEL=ON does unless CNI_AWAIT_KERNEL=0 is.
class Departure {
public:
    Departure();
    Departure(const Departure&) = delete;
    Departure& operator=(const Departure&) = delete;
    ~Departure();

    /// Opened when they are first asked for, in the namespace of the calling thread.
    Rtnl& host();
    nft::Connection& nft();

    /// Removes links of the host, all in one request. When it returns nothing is left of them, nor
    /// of their other ends, their addresses and routes. Throws NlError.
    void remove(const std::vector<Link>& links);
    /// The same of links of the container, and one process is left behind for all of them.
    void remove(Container& container, const std::vector<Link>& links);

    /// From here on remove() of links of the host returns when nothing can keep them from going,
    /// and settle() waits for the rest; every remove() calls `meanwhile` first. Throws NlError.
    void overlap(std::function<void()> meanwhile) { meanwhile_ = std::move(meanwhile); }
    void settle();

    /// Runs `body`, which starts a process; once more behind the end of the orphan, where a limit
    /// of processes leaves room for one of the two.
    void run_beside_orphan(const std::function<void()>& body);

private:
    bool begin(LinkRemoval& removal, int socket);
    bool leave(const LinkRemoval* removal, int socket) noexcept;

    std::optional<Orphan> orphan_;
    bool may_leave_;
    bool is_held_ = false;  ///< nft(): by an orphan
    std::optional<Rtnl> host_;
    std::optional<nft::Connection> nft_;
    std::function<void()> meanwhile_;
    std::optional<LinkRemoval> unsettled_;
};

}  // namespace cni
