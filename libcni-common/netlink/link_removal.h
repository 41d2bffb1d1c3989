#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/fd.h"
#include "netlink/link.h"

namespace cni {

/// Removes links of one namespace in two halves: all that can be seen of them is over long before
/// the kernel answers. It waits until no processor can use them any more (netdev_run_todo() in
/// net/core/dev.c), which takes it some 15 ms, and whoever asked waits with it.
///
/// So another process asks (ask()), this one waits for the kernel to say that a link is being
/// removed (await) and asks for the same itself (finish): behind the first, with nothing left to do
/// by then. Where there is no other process, or it does not get to it, finish() does it all.
class LinkRemoval {
public:
    /// At least one link. `rtnl` must outlive the object. To be made in the namespace of `rtnl`.
    LinkRemoval(Rtnl& rtnl, const std::vector<Link>& links);

    /// Whether there is something to wait for.
    bool is_announced() const { return bool(announcements_); }

    /// What the other process has to ask for. It has all of it itself, and does system calls only.
    class Question {
    public:
        /// Returns when the kernel has ended it all. Reads nothing from the socket of `rtnl`, which
        /// that process has inherited.
        void ask() const noexcept;

    private:
        friend LinkRemoval;
        int socket_;
        std::array<std::uint8_t, 64> message_;
        std::size_t size_;
    };
    /// nullopt for a request that is too large.
    std::optional<Question> question() const;

    /// Until the first link is about to be gone, or the request was refused, or `end` can be read
    /// from (poll(2)), as when the other process has ended; a second at most. -1: no such
    /// descriptor. Returns whether nothing can keep any of the links from going: all names are free
    /// then, and the kernel is about to take addresses and routes away.
    bool await(int end) const;

    /// All are gone. Throws NlError. The kernel deals with requests about links one by one (RTNL),
    /// so no effect of the other process's is still under way.
    void finish();

private:
    bool put_into_group(const std::vector<Link>& links);
    Rtnl& rtnl_;
    std::vector<NlRequest> requests_;
    bool is_one_request_;  ///< for all of them
    std::vector<std::uint8_t> prepared_;
    Fd announcements_;
};

}  // namespace cni
