#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actions.h"
#include "clock.h"
#include "lease6.h"
#include "message6.h"
#include "packet6.h"

namespace cni::dhcp {

struct Client6Config {
    /// Who the client is, and which of its interfaces this is: together they are unique on the
    /// link.
    Bytes duid;
    std::uint32_t ia = 1;
    /// Sent whenever something is asked for; not those that the protocol itself needs.
    Options6 options;
    /// Option 6, in this order.
    std::vector<std::uint16_t> requested = {option6::dns_servers, option6::domain_list};
    /// How long a first lease is tried for; nullopt: for ever. Who once had one goes on for ever.
    std::optional<Duration> patience = {};

    /// How often it is asked whether somebody has the address already (RFC 4862, 5.4), each time
    /// for `probe_wait`; 0: not at all. Not for a second, as the RFC has it by default: each
    /// container would wait for it.
    int probes = 3;
    Duration probe_wait = std::chrono::milliseconds(100);
};

/// A message to send to all servers of the link (all_servers6()), from the link-local address.
struct Send6 {
    Bytes payload;
    bool operator==(const Send6&) const = default;
};
/// Asks for who has an address: neighbor_probe(), to solicited_node() of it.
struct SendProbe {
    Ip address;
    bool operator==(const SendProbe&) const = default;
};
/// An advertisement of a neighbor that has an address.
struct Neighbor {
    Ip address;
};
/// The lease there is from now on: a first one, or one in place of what was there, which has
/// another end, and may have another address and other options.
struct Bound6 {
    Lease6 lease;
    bool operator==(const Bound6&) const = default;
};
using Action6 = std::variant<Send6, SendProbe, Bound6, Lost, Failed, Note>;
/// To be done in this order.
using Actions6 = std::vector<Action6>;

enum class State6 {
    stopped,     ///< before start, after release and Failed
    paused,      ///< begins anew in a while
    soliciting,  ///< looks for servers
    requesting,  ///< one of them was chosen
    confirming,  ///< asks whether the address of an earlier lease fits the link
    checking,    ///< whether somebody else has the address
    bound,
    renewing,   ///< asks its server for more time
    rebinding,  ///< asks any server
};

/// Keeps one address of IPv6 (RFC 8415, 18.2), used as Client4 is. A server that can answers a
/// Solicit at once (rapid commit). Release and Decline are sent once: nobody waits for the answer.
/// Not understood: Reconfigure, temporary addresses, delegated prefixes, authentication.
class Client6 {
public:
    Client6(Client6Config config, Random random);

    /// Tries for a lease.
    [[nodiscard]] Actions6 start(Time now);
    /// Keeps a lease that is in use: goes on as if it had never stopped, after a restart. Of one
    /// that is over, Lost comes first.
    [[nodiscard]] Actions6 resume(Time now, const Lease6& lease);
    /// Asks whether a lease that is not in use any more fits the link (Confirm); if nobody answers
    /// it does. One that is over is a wish. Goes on for ever.
    [[nodiscard]] Actions6 reclaim(Time now, const Lease6& lease);
    /// Goes on without a lease where an earlier one was lost: tries for one for ever.
    [[nodiscard]] Actions6 resume(Time now);
    /// Gives the lease back, if there is one, and stops.
    [[nodiscard]] Actions6 release(Time now);
    /// Routers say that hosts make their addresses themselves (RFC 4861, 4.2: flag M is not set).
    /// Servers may be there nevertheless, but a first lease is tried for no longer than 7 seconds.
    void hear_of_unmanaged();

    /// A message came to port 546. Others' are ignored.
    [[nodiscard]] Actions6 receive(Time now, const Message6& message);
    /// A neighbor advertised itself. Matters in State6::checking alone.
    [[nodiscard]] Actions6 receive(Time now, const Neighbor& neighbor);
    /// Does what is due; nothing before the deadline.
    [[nodiscard]] Actions6 tick(Time now);
    /// When to call tick(); nullopt: there is nothing to wait for but messages.
    std::optional<Time> deadline() const;

    State6 state() const { return state_; }
    /// What may be used now; nullopt: nothing.
    const std::optional<Lease6>& lease() const { return lease_; }

private:
    void solicit(Time now);
    void request(Time now);
    void begin_renewal(Time now);
    void keep(Time now, const std::string& reason);
    void act(Time now);
    void take_advertise(Time now, const Message6& advertise);
    void take_reply(Time now, const Message6& reply);
    void take_lease(Time now, const Message6& reply);
    void take_confirmation(Time now, const Message6& reply);
    void use_remembered(Time now);
    void check(Time now, Lease6 lease);
    void probe(Time now);
    void bind(Lease6 lease);
    void lose(const std::string& reason);
    void expire(Time now);
    void begin_again(Time now);
    void fail(const std::string& reason);
    void stop();

    bool is_for_us(const Message6& message) const;
    bool comes_from_our_server(const Message6& reply) const;
    std::optional<Ip> address_in_question() const;
    Message6 question(Type6 type, Time now) const;
    void send(Time now);
    void send_farewell(Type6 type, const Lease6& lease);
    void enter(Time now, State6 state);
    void wait_for_answer(Time now);
    Actions6 take_actions();

    Client6Config config_;
    Random random_;
    Actions6 actions_;

    State6 state_ = State6::stopped;
    std::optional<Lease6> lease_;      ///< in use
    std::optional<Lease6> candidate_;  ///< advertised, remembered or given; not in use yet
    int preference_ = 0;               ///< of the server that advertised it
    std::optional<Ip> wish_;           ///< what Solicit asks for
    bool had_lease_ = false;
    bool is_unmanaged_ = false;

    std::uint32_t transaction_ = 0;
    Time began_;                     ///< this exchange
    Time asked_;                     ///< when the last message of it was sent
    int sent_ = 0;                   ///< how many messages of it, or probes
    Duration wait_{};                ///< for an answer to the last one
    Duration longest_solicit_wait_;  ///< SOL_MAX_RT, which servers may change
    int failures_ = 0;               ///< since the last lease
    std::string trouble_;            ///< the last one
    Time timer_ = never;             ///< of the state
    Time end_of_patience_ = never;
};

}  // namespace cni::dhcp
