#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cni/result.h"
#include "repeats.h"
#include "side.h"

namespace cni::dhcp {

class Keeper;

/// Who has keepers. A call of ended() may destroy the keeper.
class KeeperOwner {
public:
    virtual ~KeeperOwner() = default;
    /// The record has changed and is to be kept. Throws when that fails.
    virtual void store(const Record& record) = 0;
    /// Nothing is to be done for it any more.
    virtual void ended(Keeper& keeper) = 0;
};

/// The answer to somebody who waits for a lease: an error in words, or a result.
struct Outcome {
    std::string error;
    Result result = {};
};
using Done = std::function<void(const Outcome&)>;
/// Who waits.
using WaiterId = std::uint64_t;

/// Keeps the leases of one interface, one of each family that it is to have: asks for them, renews
/// them, puts what changes on the interface. First leases come together or not at all; from then on
/// each goes its own way.
class Keeper final : private SideOwner {
public:
    /// Nothing happens before one of the next three is called. `loop` and `owner` must outlive it.
    Keeper(Loop& loop, KeeperOwner& owner, const Manners& manners, Record record);
    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    /// Tries for first leases.
    void acquire();
    /// Goes on with those of the record.
    void resume();
    /// Gives the leases back and ends. Who still waits is told the reason.
    void release(const std::string& reason);

    /// Calls `done` as soon as there are all leases, at once if there are, or none to be had.
    void await(WaiterId who, Done done);
    /// They have gone. Without anybody who waits for them, first leases are not tried for any more.
    void abandon(WaiterId who);
    /// Nobody is waited for any more, as the daemon ends; what was never had is not tried for.
    void stop(const std::string& reason);
    /// Ends without a word to the server: the interface is gone, or is another one.
    void end(const std::string& reason);

    const Record& record() const override { return record_; }
    /// What may be used now; nullopt when a lease is missing.
    std::optional<Result> result() const;

private:
    void bound(Side& side) override;
    void lost(Side& side, const std::string& reason) override;
    void failed(const std::string& reason) override;
    void gone() override;
    void say(std::string_view what) const override;
    Hurry hurry(const Side& side) const override;
    void settle() override;

    bool is_ending() const { return !end_.empty(); }
    std::optional<Result> whole_result() const;
    void begin();
    void take_charge();
    void renewed(Side& side);
    void give_back(Side& side, const std::string& reason);
    bool has_any_lease() const;
    void remember();
    void take_off(const std::vector<Prefix>& addresses);
    template <typename Body>
    void attempt(Body&& body) const;
    void give_up(const std::string& reason);
    void answer(const Outcome& outcome);

    KeeperOwner& owner_;
    Record record_;
    const std::string name_;
    std::vector<std::unique_ptr<Side>> sides_;
    std::map<WaiterId, Done> waiters_;
    bool is_in_charge_ = false;  ///< of what the interface bears: once there were all leases
    mutable Repeats repeats_;
    std::string end_;  ///< why it is to end; "": it is not
};

}  // namespace cni::dhcp
