#include "keeper.h"

#include <algorithm>
#include <utility>

#include "base/contains.h"
#include "base/error.h"
#include "interface.h"
#include "lease_result.h"
#include "log.h"
#include "record_interface.h"

namespace cni::dhcp {

Keeper::Keeper(Loop& loop, KeeperOwner& owner, const Manners& manners, Record record)
    : owner_(owner), record_(std::move(record)), name_(record_.holder.text()) {
    for (const Family family : families_of(record_.wanted))
        sides_.push_back(make_side(family, loop, *this, manners));
}

// What fails is said.
template <typename Body>
void Keeper::attempt(Body&& body) const {
    try {
        body();
    } catch (const Error& error) {
        say(error.what());
    }
}

void Keeper::acquire() {
    for (const auto& side : sides_)
        if (!is_ending()) side->start();
    settle();
}

void Keeper::resume() {
    is_in_charge_ = true;
    attempt([this] { take_off(record_.stale); });
    for (const auto& side : sides_)
        if (!is_ending()) side->resume();
    settle();
}

void Keeper::release(const std::string& reason) {
    give_up(reason);
    settle();
}

void Keeper::end(const std::string& reason) {
    end_ = reason;
    settle();
}

void Keeper::stop(const std::string& reason) {
    if (!is_in_charge_) return release(reason);
    answer({.error = reason});
}

void Keeper::await(WaiterId who, Done done) {
    if (const auto ready = result()) return done({.error = {}, .result = *ready});
    waiters_.emplace(who, std::move(done));
}

void Keeper::abandon(WaiterId who) {
    if (waiters_.erase(who) == 0 || !waiters_.empty() || is_in_charge_) return;
    release("nobody waits for the lease any more");
}

std::optional<Result> Keeper::result() const {
    return is_in_charge_ ? whole_result() : std::nullopt;
}

std::optional<Result> Keeper::whole_result() const {
    Result whole;
    for (const auto& side : sides_) {
        const auto part = side->result();
        if (!part) return {};
        append(whole, *part);
    }
    return whole;
}

// To be called last, since it may destroy this object.
void Keeper::settle() {
    if (!is_ending()) return;
    say(cat("ends: ", end_));
    answer({.error = end_});
    owner_.ended(*this);
}

void Keeper::bound(Side& side) {
    say(cat("lease acquired, ", side.description()));
    if (is_in_charge_)
        renewed(side);
    else if (whole_result())
        begin();
    if (const auto ready = result()) answer({.error = {}, .result = *ready});
}

// Nobody uses first leases yet: those that cannot be written down are given back.
void Keeper::begin() {
    try {
        take_charge();
        remember();
        is_in_charge_ = true;
    } catch (const Error& error) {
        give_up(error.what());
    }
}

// First leases are put on the interface by the plugin that asked for them.
void Keeper::take_charge() {
    for (const auto& side : sides_) {
        side->borne = *side->result();
        const auto wanted = side->mtu();
        auto interface = Interface::find(record_.netns, record_.place);
        if (!interface) throw Error(Code::internal, "the interface is gone");
        if (wanted) interface->lower_mtu(*wanted);
    }
}

void Keeper::renewed(Side& side) {
    // A daemon that ends in between is to know what it was about to take off.
    if (!side.borne.ips.empty() && side.borne.addresses() != side.result()->addresses())
        attempt([this] { remember(); });
    const auto [change, trouble] = change_interface(record_, side.borne, *side.result());
    if (change == Change::undone) return give_back(side, trouble);
    if (change == Change::missed)
        say(cat("the lease is kept, the interface is to be changed at the next renewal: ",
                trouble));
    try {
        remember();
    } catch (const Error& error) {
        // The container uses it already: what cannot be written down is so at the next renewal.
        say(cat("the lease is kept, but would not survive the daemon: ", error.what()));
    }
}

// One that the interface cannot bear. That of the other family goes on.
void Keeper::give_back(Side& side, const std::string& reason) {
    side.release();
    if (is_ending()) return;
    if (!has_any_lease()) return give_up(reason);
    say(cat("the lease is given back: ", reason));
    attempt([this] { remember(); });
}

bool Keeper::has_any_lease() const {
    return std::ranges::any_of(sides_, [](const auto& side) { return side->result().has_value(); });
}

void Keeper::remember() {
    record_.stale.clear();
    for (const auto& side : sides_) {
        side->put(record_);
        const auto now = side->result();
        for (const Prefix& address : side->borne.addresses())
            if (!now || !contains(now->addresses(), address)) record_.stale.push_back(address);
    }
    owner_.store(record_);
}

void Keeper::take_off(const std::vector<Prefix>& addresses) {
    if (addresses.empty()) return;
    if (auto interface = Interface::find(record_.netns, record_.place))
        interface->remove(addresses);
}

void Keeper::give_up(const std::string& reason) {
    end_ = reason;
    for (const auto& side : sides_) side->release();
}

void Keeper::lost(Side& side, const std::string& reason) {
    say(cat("lease lost: ", reason));
    if (!is_in_charge_) return;
    attempt([this, before = std::exchange(side.borne, {}).addresses()] {
        take_off(before);
        remember();
    });
}

void Keeper::failed(const std::string& reason) {
    if (!is_ending()) give_up(reason);
}

void Keeper::gone() {
    if (!is_ending()) end_ = "the interface is gone";
}

Hurry Keeper::hurry(const Side& side) const {
    if (!is_in_charge_ || side.borne.ips.empty()) return Hurry::never_given;
    return is_ending() ? Hurry::yes : Hurry::no;
}

void Keeper::answer(const Outcome& outcome) {
    for (const auto& [who, done] : std::exchange(waiters_, {})) done(outcome);
}

void Keeper::say(std::string_view what) const {
    if (repeats_.admit(what, Loop::now())) log(name_, what);
}

}  // namespace cni::dhcp
