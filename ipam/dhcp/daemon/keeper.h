#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "cni/result.h"
#include "interface.h"
#include "loop.h"
#include "record.h"
#include "repeats.h"
#include "wire.h"

namespace cni::dhcp {

/// How the daemon was told to ask servers.
struct Manners {
    Duration first_wait = std::chrono::seconds(4);
    Duration longest_wait = std::chrono::seconds(62);
    Duration patience = std::chrono::seconds(208);
};

class Keeper;

/// Who has keepers. A call of ended() may destroy the keeper.
class KeeperOwner {
public:
    /// The record has changed and is to be kept. Throws when that fails.
    virtual void store(const Record& record) = 0;
    /// Nothing is to be done for it any more.
    virtual void ended(Keeper& keeper) = 0;

protected:
    ~KeeperOwner() = default;
};

/// The answer to somebody who waits for a lease: an error in words, or a result.
struct Outcome {
    std::string error;
    Result result = {};
};
using Done = std::function<void(const Outcome&)>;
/// Who waits.
using WaiterId = std::uint64_t;

/// Keeps the lease of one interface: asks for it, renews it, puts what changes on the interface. It
/// holds sockets, and by them the network namespace, while it talks to a server and no longer.
class Keeper {
public:
    /// Nothing happens before one of the next three is called. `loop` and `owner` must outlive it.
    Keeper(Loop& loop, KeeperOwner& owner, const Manners& manners, Record record);
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    /// Tries for a first lease.
    void acquire();
    /// Goes on with that of the record.
    void resume();
    /// Gives the lease back and ends. Who still waits is told the reason.
    void release(const std::string& reason);

    /// Calls `done` as soon as there is a lease, at once if there is one, or none to be had.
    void await(WaiterId who, Done done);
    /// They have gone. Without anybody who waits for it, a first lease is not tried for any more.
    void abandon(WaiterId who);
    /// Nobody is waited for any more, as the daemon ends; what was never had is not tried for.
    void stop(const std::string& reason);
    /// Ends without a word to the server: the interface is gone, or is another one.
    void end(const std::string& reason);

    const Record& record() const { return record_; }
    /// What may be used now.
    std::optional<Result> result() const;

private:
    /// What is open while it talks.
    struct Talk {
        Talk(Keeper& keeper, Interface its_interface);
        Interface interface;
        Wire wire;
        std::optional<Watch> messages, arp;
    };

    void act(const Actions4& actions);
    void perform(const Send4& message);
    void perform(const SendArp& packet);
    void perform(const Bound4& bound);
    void perform(const Lost& lost);
    void perform(const Failed& failed);
    void perform(const Note& note);
    void settle();
    void follow_arp();
    Talk* open_talk();
    void hear_message();
    void hear_arp();
    template <typename F>
    void hear(F&& receive);
    bool change(const Lease4& lease);
    void take_charge(const Lease4& lease);
    void give_up(const std::string& reason);
    void answer(const Outcome& outcome);
    void say(std::string_view what) const;

    Loop& loop_;
    KeeperOwner& owner_;
    Record record_;
    const std::string name_;
    Client4 client_;
    Timer timer_;
    std::optional<Talk> talk_;
    std::map<WaiterId, Done> waiters_;
    bool is_in_charge_ = false;  ///< of what the interface bears: once there was a lease
    Result borne_;               ///< what the interface was given
    mutable Repeats repeats_;
    std::string end_;  ///< why it is to end; "": it is not
};

}  // namespace cni::dhcp
