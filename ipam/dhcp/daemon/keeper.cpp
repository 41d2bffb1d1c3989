#include "keeper.h"

#include <sys/random.h>

#include <utility>
#include <variant>

#include "../protocol/options4.h"
#include "base/contains.h"
#include "base/error.h"
#include "lease_result.h"
#include "log.h"
#include "record_interface.h"

namespace cni::dhcp {
namespace {

std::uint32_t random_number() {
    std::uint32_t number = 0;
    checked(::getrandom(&number, sizeof number, 0), "get random bytes");
    return number;
}

Client4Config client_config(const Record& record, const Manners& manners) {
    Client4Config config;
    config.mac = record.mac;
    config.client_id = record.holder.client_id();
    config.options = record.provided;
    config.requested = record.requested;
    config.wants_broadcast = record.wants_broadcast;
    config.first_wait = manners.first_wait;
    config.longest_wait = manners.longest_wait;
    config.patience = manners.patience;
    return config;
}

std::string seconds_until(Time time) {
    if (time == never) return "never";
    return cat("in ", (time - Loop::now()).count() / 1000, " s");
}

bool is_talkative(State4 state) {
    return state != State4::stopped && state != State4::paused && state != State4::bound;
}

}  // namespace

Keeper::Talk::Talk(Keeper& keeper, Interface its_interface)
    : interface(std::move(its_interface)), wire(interface.netns(), interface.link().index) {
    messages.emplace(keeper.loop_, wire.message_fd(), EPOLLIN,
                     [&keeper] { keeper.hear_message(); });
}

Keeper::Keeper(Loop& loop, KeeperOwner& owner, const Manners& manners, Record record)
    : loop_(loop),
      owner_(owner),
      record_(std::move(record)),
      name_(record_.holder.text()),
      client_(client_config(record_, manners), random_number),
      timer_(loop, [this] { act(client_.tick(Loop::now())); }) {}

void Keeper::acquire() {
    act(client_.start(Loop::now()));
}

void Keeper::resume() {
    const Time now = Loop::now();
    is_in_charge_ = true;
    borne_ = result().value_or(Result{});
    act(record_.lease ? client_.resume(now, *record_.lease) : client_.resume(now));
}

void Keeper::release(const std::string& reason) {
    end_ = reason;
    act(client_.release(Loop::now()));
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
    if (!is_in_charge_ || !record_.lease) return {};
    return result_of(*record_.lease, record_.priority);
}

void Keeper::act(const Actions4& actions) {
    for (const Action4& action : actions)
        std::visit([this](const auto& each) { perform(each); }, action);
    settle();
}

// To be called last, since it may destroy this object.
void Keeper::settle() {
    if (!end_.empty() || client_.state() == State4::stopped) {
        timer_.set({});
        talk_.reset();
        say(cat("ends: ", end_));
        answer({.error = end_});
        return owner_.ended(*this);
    }
    timer_.set(client_.deadline());
    if (!is_talkative(client_.state())) talk_.reset();
    follow_arp();
}

// Anybody may say much by ARP, which matters for a moment only.
void Keeper::follow_arp() {
    if (!talk_) return;
    if (client_.state() != State4::checking) return talk_->arp.reset();
    if (talk_->arp) return;
    talk_->arp.emplace(loop_, talk_->wire.arp_fd(), EPOLLIN, [this] { hear_arp(); });
}

// Looks whether the interface is still there by its path each time: what is open here would keep a
// namespace alive that everybody else has left.
Keeper::Talk* Keeper::open_talk() {
    auto interface = Interface::find(record_.netns, record_.place);
    if (!interface) {
        end_ = "the interface is gone";
        return nullptr;
    }
    if (!talk_) talk_.emplace(*this, std::move(*interface));
    return &*talk_;
}

// What cannot be said now may be so the next time.
void Keeper::perform(const Send4& message) {
    try {
        const Hurry hurry = end_.empty() ? Hurry::no : Hurry::yes;
        if (Talk* talk = open_talk()) talk->wire.send(talk->interface.netns(), message, hurry);
    } catch (const Error& error) {
        say(error.what());
    }
}

void Keeper::perform(const SendArp& packet) {
    try {
        if (Talk* talk = open_talk()) talk->wire.send(packet);
    } catch (const Error& error) {
        say(error.what());
    }
}

void Keeper::perform(const Bound4& bound) {
    const Lease4& lease = bound.lease;
    say(cat("lease acquired, address ", lease.address.to_string(), " of server ",
            lease.server.to_string(), ", to be renewed ", seconds_until(lease.renew), ", ends ",
            seconds_until(lease.expire)));
    const bool is_first = !std::exchange(is_in_charge_, true);
    try {
        if (is_first)
            take_charge(lease);
        else if (!change(lease))
            return;
        record_.lease = lease;
        owner_.store(record_);
    } catch (const Error& error) {
        // The container uses it already: what cannot be written down is so at the next renewal.
        if (is_first) return give_up(error.what());
        say(cat("the lease is kept, but would not survive the daemon: ", error.what()));
    }
    answer({.error = {}, .result = *result()});
}

// False when the lease is given back.
bool Keeper::change(const Lease4& lease) {
    const auto [change, trouble] =
        change_interface(record_, borne_, result_of(lease, record_.priority));
    if (change == Change::missed)
        say(cat("the lease is kept, the interface is to be changed at the next renewal: ",
                trouble));
    if (change == Change::undone) give_up(trouble);
    return change != Change::undone;
}

// A first lease is put on the interface by the plugin that asked for it.
void Keeper::take_charge(const Lease4& lease) {
    borne_ = result_of(lease, record_.priority);
    auto interface = Interface::find(record_.netns, record_.place);
    if (!interface) throw Error(Code::internal, "the interface is gone");
    const auto wanted = mtu(lease.options);
    if (wanted && contains(record_.requested, option4::interface_mtu))
        interface->lower_mtu(*wanted);
}

// A lease that cannot be used, or not be remembered, is given back.
void Keeper::give_up(const std::string& reason) {
    end_ = reason;
    for (const Action4& action : client_.release(Loop::now()))
        if (const auto* message = std::get_if<Send4>(&action)) perform(*message);
}

void Keeper::perform(const Lost& lost) {
    say(cat("lease lost: ", lost.reason));
    record_.lease.reset();
    const Result before = std::exchange(borne_, {});
    try {
        if (auto interface = Interface::find(record_.netns, record_.place))
            interface->remove(before);
        owner_.store(record_);
    } catch (const Error& error) {
        say(error.what());
    }
}

void Keeper::perform(const Failed& failed) {
    end_ = failed.reason;
}

void Keeper::perform(const Note& note) {
    say(note.text);
}

void Keeper::hear_message() {
    hear([this] { return talk_->wire.receive_message(); });
}

void Keeper::hear_arp() {
    hear([this] { return talk_->wire.receive_arp(); });
}

// A socket fails when the interface goes down, or away.
template <typename F>
void Keeper::hear(F&& receive) {
    Wire::Received received;
    try {
        received = receive();
    } catch (const Error& error) {
        say(error.what());
        if (is_gone(record_)) end("the interface is gone");
        return;
    }
    if (const auto* message = std::get_if<Message4>(&received))
        act(client_.receive(Loop::now(), *message));
    else if (const auto* arp = std::get_if<Arp>(&received))
        act(client_.receive(Loop::now(), *arp));
}

void Keeper::answer(const Outcome& outcome) {
    for (const auto& [who, done] : std::exchange(waiters_, {})) done(outcome);
}

void Keeper::say(std::string_view what) const {
    if (repeats_.admit(what, Loop::now())) log(name_, what);
}

}  // namespace cni::dhcp
