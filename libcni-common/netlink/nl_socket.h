#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "netlink/nl_message.h"

namespace cni {

/// The kernel refused a request; details hold its own explanation (extended ack) when it gave one.
class NlError : public SysError {
public:
    using SysError::SysError;
};

/// A request and what it is for ("set link eth0 up"): the words of its error message.
struct NlRequest {
    NlMessage message;
    std::string act;
    /// An errno that counts as success: EEXIST when making, ENOENT when removing. 0 for none.
    int tolerated = 0;
    std::array<int, 3> also_tolerated = {};
};

/// A netlink socket in the network namespace of the thread that opens it; it stays there. All of
/// a process share the buffer that answers are read into: only one of its threads may use any.
class NlSocket {
public:
    /// What it is opened for. To look things up takes nothing but the socket: who opens thousands
    /// does without the kernel's own words for errors, without short lists of what was asked for
    /// alone, and without events.
    enum class Use { anything, lookups };
    /// `protocol` is NETLINK_ROUTE, NETLINK_NETFILTER, ... Throws SysError.
    explicit NlSocket(int protocol, Use use = Use::anything);
    NlSocket(const NlSocket&) = delete;
    NlSocket& operator=(const NlSocket&) = delete;

    /// Must not use a netlink socket itself: all of them receive into one buffer.
    using Visitor = std::function<void(const nlmsghdr*)>;

    /// Sends the requests, up to 32 in one sendmsg, and waits for every answer. Each is
    /// acknowledged by itself; messages the kernel returns go to `visit`. The first failure is
    /// thrown as NlError; those sent together with it are executed nevertheless.
    void transact(std::span<const NlRequest> requests, const Visitor& visit = {});
    /// The same of one request.
    void request(const NlRequest& request, const Visitor& visit = {});

    /// Lists objects; started again from the beginning when the kernel says that the list changed
    /// meanwhile (NLM_F_DUMP_INTR): `restart` is called first then, to drop what was visited. Who
    /// changes it all the time, as a container may, does not hold it up for ever: what the last of
    /// `listings` visits is kept, an object twice or not at all among it.
    void dump(const std::function<NlMessage()>& make, const std::string& act, const Visitor& visit,
              const std::function<void()>& restart);

    static constexpr int listings = 8;

    /// One listing. False when the kernel says that the list changed meanwhile: then objects may
    /// have been visited twice, or not at all.
    bool dump_once(const NlRequest& request, const Visitor& visit);
    /// The same of the last of several requests, all sent at once. Those before it are lookups, of
    /// which each has one answer; it is visited first, and means nothing with false.
    bool dump_once(std::span<const NlRequest> requests, const Visitor& visit);

    /// A nfnetlink batch (linux/netfilter/nfnetlink.h): all `requests` take effect at once and 0 is
    /// returned, or none does: then the first failure is thrown, or returned when the request
    /// tolerates it. `subsystem` is NFNL_SUBSYS_NFTABLES. With `generation` the result is ERESTART
    /// when the ruleset is no longer of that generation.
    ///
    /// The kernel takes a batch as one datagram. One that is larger than this process may send
    /// (twice net.core.wmem_max, some 400 KiB, without privileges on the host; 1 GiB with) goes in
    /// several batches, in order: what failed or ended in ERESTART is behind those that took
    /// effect.
    int commit_batch(std::vector<NlRequest> requests, int subsystem,
                     std::optional<std::uint32_t> generation = {});
    /// Throws what commit_batch would throw, without doing anything; nothing is tolerated.
    void rehearse_batch(std::vector<NlRequest> requests, int subsystem);

    /// A request for another process, which has inherited the socket, to send. The kernel answers
    /// it only when it refuses it; the answer is left to whoever reads from this socket next and is
    /// passed over there, as that of a request that was given up.
    std::vector<std::uint8_t> prepare(const NlRequest& request);

    int fd() const { return socket_.get(); }

private:
    struct Answers;
    enum class Acknowledge { each, none };
    std::vector<std::uint8_t> frame(std::span<const NlRequest> requests, Acknowledge acknowledge);
    void send(std::span<const NlRequest> requests, Acknowledge acknowledge);
    bool receive(Answers& answers, int flags = 0);
    int commit_part(std::span<NlRequest> part, int subsystem,
                    std::optional<std::uint32_t> generation);
    int exchange_batch(const std::vector<NlRequest>& requests);
    const Fd socket_;
    std::uint32_t sequence_ = 0;
};

}  // namespace cni
