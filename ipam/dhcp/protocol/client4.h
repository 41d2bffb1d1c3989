#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actions.h"
#include "clock.h"
#include "lease4.h"
#include "message4.h"
#include "packet4.h"

/// A DHCP client as a value: it is told what happens and what time it is, and says what to do.
namespace cni::dhcp {

struct Client4Config {
    Mac mac;
    /// What option 61 holds, its type in front; unique among the clients of a network.
    Bytes client_id;
    /// Sent in every DISCOVER and REQUEST, in place of what the client would send; not those that
    /// the protocol itself needs (50, 53, 54).
    Options4 options;
    /// Option 55, in this order; none: not sent. 121 belongs ahead of 3 and 33 (RFC 3442).
    std::vector<std::uint8_t> requested;
    /// Has servers broadcast their answers: for links that drop packets to an address they do not
    /// have yet, as an ipvlan does.
    bool wants_broadcast = false;

    /// How long the first message waits for an answer; the next ones twice as long each, with a
    /// jitter of a quarter, a second at most (RFC 2131, 4.1).
    Duration first_wait = std::chrono::seconds(4);
    Duration longest_wait = std::chrono::seconds(64);
    /// How long a first lease is tried for; nullopt: for ever. Who once had one goes on for ever.
    std::optional<Duration> patience = {};

    /// How often it is asked whether somebody has the address already (RFC 5227), each time for
    /// `probe_wait`; 0: not at all. The RFC's 4 to 7 seconds are for hosts that may take so long to
    /// wake up, and each container would wait for them.
    int probes = 3;
    Duration probe_wait = std::chrono::milliseconds(100);
};

/// A message to send, from port 68 to port 67.
struct Send4 {
    Ip from;  ///< the leased address; 0.0.0.0: there is none yet, which takes a packet socket
    Ip to;    ///< a server, or 255.255.255.255: broadcast on the link
    Bytes payload;
    bool operator==(const Send4&) const = default;
};
/// A packet of ARP to broadcast.
struct SendArp {
    Bytes packet;
    bool operator==(const SendArp&) const = default;
};
/// The lease there is from now on: a first one, or one in place of what was there, which has
/// another end, and may have another address and other options.
struct Bound4 {
    Lease4 lease;
    bool operator==(const Bound4&) const = default;
};
using Action4 = std::variant<Send4, SendArp, Bound4, Lost, Failed, Note>;
/// To be done in this order.
using Actions4 = std::vector<Action4>;

enum class State4 {
    stopped,     ///< before start, after release and Failed
    paused,      ///< begins anew in a while
    selecting,   ///< DISCOVER is sent
    requesting,  ///< an offer was taken
    rebooting,   ///< asked for the address of an earlier lease
    checking,    ///< whether somebody else has the address
    bound,
    renewing,   ///< asks its server for more time
    rebinding,  ///< asks any server
};

/// Keeps a lease of IPv4 (RFC 2131, 4.4). Whoever calls does what the calls return, and calls
/// tick() when the deadline has come; no call looks at a clock, waits, or throws because of what a
/// packet says. Copies are clients that know the same.
class Client4 {
public:
    Client4(Client4Config config, Random random);

    /// Tries for a lease.
    [[nodiscard]] Actions4 start(Time now);
    /// Keeps a lease that is in use: goes on as if it had never stopped, after a restart. Of one
    /// that is over, Lost comes first.
    [[nodiscard]] Actions4 resume(Time now, const Lease4& lease);
    /// Tries for the address of a lease that is not in use any more (INIT-REBOOT), and if no server
    /// answers, for any, for ever. One that is over is a wish.
    [[nodiscard]] Actions4 reclaim(Time now, const Lease4& lease);
    /// Goes on without a lease where an earlier one was lost: tries for one for ever.
    [[nodiscard]] Actions4 resume(Time now);
    /// Gives the lease back, if there is one, and stops. Send4 leaves from the leased address, if
    /// it is still there.
    [[nodiscard]] Actions4 release(Time now);

    /// A message came to port 68. Others' are ignored.
    [[nodiscard]] Actions4 receive(Time now, const Message4& message);
    /// A packet of ARP came. Matters in State4::checking alone.
    [[nodiscard]] Actions4 receive(Time now, const Arp& arp);
    /// Does what is due; nothing before the deadline.
    [[nodiscard]] Actions4 tick(Time now);
    /// When to call tick(); nullopt: there is nothing to wait for but packets.
    std::optional<Time> deadline() const;

    State4 state() const { return state_; }
    /// What may be used now; nullopt: nothing.
    const std::optional<Lease4>& lease() const { return lease_; }

private:
    void search(Time now);
    void discover(Time now);
    void send_discover(Time now);
    void take_offer(Time now, const Message4& offer);
    void send_request(Time now);
    void take_ack(Time now, const Message4& ack);
    void refuse(Time now, const Message4& ack, std::string_view reason);
    void take_nak(Time now, const Message4& nak);
    void probe(Time now);
    void bind(Lease4 lease);
    void decline(Time now, const Mac& holder);
    void keep(Time now);
    void send_renewal(Time now);
    Time next_renewal(Time now) const;
    void send_release(const Ip& address, const Ip& server);
    void expire(Time now);
    void lose(const std::string& reason);
    void begin_again(Time now, Duration least_pause);
    void fail(const std::string& reason);
    void stop();
    void act(Time now);

    bool is_for_us(const Message4& message) const;
    bool comes_from_our_server(const Message4& message) const;
    Message4 new_message(Type4 type) const;
    Message4 new_question(Type4 type) const;
    void broadcast(const Message4& message);
    void enter(State4 state);
    void wait_for_answer(Time now);
    std::uint16_t seconds_since_beginning(Time now) const;
    void note(std::string text);
    Actions4 take_actions();

    Client4Config config_;
    Random random_;
    Actions4 actions_;

    State4 state_ = State4::stopped;
    std::optional<Lease4> lease_;      ///< in use
    std::optional<Lease4> candidate_;  ///< offered, remembered or acknowledged; not in use yet
    std::optional<Ip> wish_;           ///< what DISCOVER asks for
    bool had_lease_ = false;

    std::uint32_t xid_ = 0;
    std::uint16_t secs_ = 0;
    Time began_;           ///< this search or renewal
    Time asked_;           ///< when the last REQUEST was sent
    int sent_ = 0;         ///< how many messages, or probes, in this state
    int failures_ = 0;     ///< since the last lease
    std::string trouble_;  ///< the last one
    Time timer_ = never;   ///< of the state
    Time end_of_patience_ = never;
};

}  // namespace cni::dhcp
