#include "side.h"

#include <utility>
#include <variant>

#include "../protocol/options4.h"
#include "base/contains.h"
#include "base/error.h"
#include "base/random.h"
#include "interface.h"
#include "lease_result.h"
#include "record_interface.h"
#include "wire4.h"
#include "wire6.h"

namespace cni::dhcp {
namespace {

std::string seconds_until(Time time) {
    if (time == never) return "never";
    return cat("in ", (time - Loop::now()).count() / 1000, " s");
}

// What a family has of its own.
struct V4 {
    static constexpr Family family = Family::v4;
    using Client = Client4;
    using State = State4;
    using Lease = Lease4;
    using Bound = Bound4;
    using Actions = Actions4;
    using Wire = Wire4;

    static Client make_client(const Record& record, const Manners& manners) {
        Client4Config config;
        config.mac = record.mac;
        config.client_id = record.holder.client_id();
        config.options = record.provided;
        config.requested = record.requested;
        config.wants_broadcast = record.wants_broadcast;
        config.first_wait = manners.first_wait;
        config.longest_wait = manners.longest_wait;
        config.patience = manners.patience;
        return {std::move(config), draw_random<std::uint32_t>};
    }
    static std::optional<Lease>& lease_of(Record& record) { return record.lease; }
    static const std::optional<Lease>& lease_of(const Record& record) { return record.lease; }
    static std::string server_of(const Lease& lease) { return lease.server.to_string(); }
    static std::optional<int> mtu_of(const Lease& lease, const Record& record) {
        if (!contains(record.requested, option4::interface_mtu)) return {};
        return dhcp::mtu(lease.options);
    }
    static Wire make_wire(const Interface& interface) { return Wire(interface.link().index); }
    static void consult(Client&, Interface&) {}
};

struct V6 {
    static constexpr Family family = Family::v6;
    using Client = Client6;
    using State = State6;
    using Lease = Lease6;
    using Bound = Bound6;
    using Actions = Actions6;
    using Wire = Wire6;

    static Client make_client(const Record& record, const Manners& manners) {
        Client6Config config;
        const Bytes* duid = find(record.provided6, option6::client_id);
        config.duid = duid ? *duid : record.holder.duid();
        config.ia = record.holder.ia();
        config.options = record.provided6;
        config.requested = record.requested6;
        config.patience = manners.patience;
        return {std::move(config), draw_random<std::uint32_t>};
    }
    static std::optional<Lease>& lease_of(Record& record) { return record.lease6; }
    static const std::optional<Lease>& lease_of(const Record& record) { return record.lease6; }
    static std::string server_of(const Lease& lease) { return to_hex(lease.server); }
    // That of IPv6 routers tell, and the kernel takes.
    static std::optional<int> mtu_of(const Lease&, const Record&) { return {}; }
    static Wire make_wire(const Interface& interface) {
        return {interface.netns(), interface.link().index};
    }
    static void consult(Client& client, Interface& interface) {
        if (interface.is_told_to_do_without_dhcp6()) client.hear_of_unmanaged();
    }
};

template <typename F>
class SideOf final : public Side {
public:
    SideOf(Loop& loop, SideOwner& owner, const Manners& manners)
        : loop_(loop),
          owner_(owner),
          client_(F::make_client(owner.record(), manners)),
          timer_(loop, [this] { tick(); }) {}

    Family family() const override { return F::family; }

    void start() override { act(client_.start(Loop::now())); }
    void resume() override {
        const Time now = Loop::now();
        const auto& lease = F::lease_of(owner_.record());
        if (!lease) return act(client_.resume(now));
        Result result = result_of(*lease, owner_.record().priority);
        if (!bears(owner_.record(), result.addresses())) return act(client_.reclaim(now, *lease));
        borne = std::move(result);
        act(client_.resume(now, *lease));
    }
    void release() override { act(client_.release(Loop::now())); }

    std::optional<Result> result() const override {
        if (!client_.lease()) return {};
        return result_of(*client_.lease(), owner_.record().priority);
    }
    std::optional<int> mtu() const override {
        if (!client_.lease()) return {};
        return F::mtu_of(*client_.lease(), owner_.record());
    }
    std::string description() const override {
        const auto& lease = client_.lease();
        if (!lease) return "none";
        return cat("address ", result()->ips.front().address.to_string(), " of server ",
                   F::server_of(*lease), ", to be renewed ", seconds_until(lease->renew), ", ends ",
                   seconds_until(lease->expire));
    }
    void put(Record& record) const override { F::lease_of(record) = client_.lease(); }

private:
    /// What is open while it talks.
    struct Talk {
        explicit Talk(Interface its_interface)
            : interface(std::move(its_interface)), wire(F::make_wire(interface)) {}
        Interface interface;
        typename F::Wire wire;
    };

    void tick() {
        attempt([this] {
            if (talk_) F::consult(client_, talk_->interface);
        });
        act(client_.tick(Loop::now()));
        owner_.settle();
    }

    void act(const typename F::Actions& actions) {
        for (const auto& action : actions)
            std::visit([this](const auto& each) { perform(each); }, action);
        rest();
    }

    // Nothing stays open that is not waited for.
    void rest() {
        timer_.set(client_.deadline());
        if (!is_talkative()) return talk_.reset();
        if (talk_) talk_->wire.follow(loop_, client_.state(), [this](int fd) { hear(fd); });
    }

    bool is_talkative() const {
        using State = typename F::State;
        const State state = client_.state();
        return state != State::stopped && state != State::paused && state != State::bound;
    }

    // Looks whether the interface is still there by its path each time: what is open here would
    // keep a namespace alive that everybody else has left.
    Talk* open_talk() {
        const Record& record = owner_.record();
        auto interface = Interface::find(record.netns, record.place);
        if (!interface) {
            owner_.gone();
            return nullptr;
        }
        if (!talk_) talk_.emplace(std::move(*interface));
        return &*talk_;
    }

    // A message, or a packet of another sort. What cannot be said now may be so the next time.
    template <typename Message>
    void perform(const Message& message) {
        attempt([&] {
            if (Talk* talk = open_talk())
                talk->wire.send(talk->interface.netns(), message, hurry(talk->interface));
        });
    }
    // An ADD that was killed has not given the interface what was to be put there.
    Hurry hurry(Interface& interface) const {
        const Hurry told = owner_.hurry(*this);
        const bool is_missing = told == Hurry::yes && !interface.has_all(borne.addresses());
        return is_missing ? Hurry::never_given : told;
    }
    void perform(const typename F::Bound&) { owner_.bound(*this); }
    void perform(const Lost& lost) { owner_.lost(*this, lost.reason); }
    void perform(const Failed& failed) { owner_.failed(failed.reason); }
    void perform(const Note& note) { owner_.say(note.text); }

    void hear(int fd) {
        try {
            const auto received = talk_->wire.receive(fd);
            std::visit([this](const auto& each) { take(each); }, received);
        } catch (const Error& error) {
            suspect(error);
        }
        owner_.settle();
    }

    // A socket fails when the interface goes down, or away.
    void suspect(const Error& error) {
        owner_.say(error.what());
        if (is_gone(owner_.record())) owner_.gone();
    }

    // What fails for the moment is no reason to end.
    template <typename Body>
    void attempt(Body&& body) {
        try {
            body();
        } catch (const Error& error) {
            owner_.say(error.what());
        }
    }

    void take(const Nothing&) { rest(); }
    template <typename Message>
    void take(const Message& message) {
        act(client_.receive(Loop::now(), message));
    }

    Loop& loop_;
    SideOwner& owner_;
    typename F::Client client_;
    Timer timer_;
    std::optional<Talk> talk_;
};

}  // namespace

std::unique_ptr<Side> make_side(Family family, Loop& loop, SideOwner& owner,
                                const Manners& manners) {
    if (family == Family::v4) return std::make_unique<SideOf<V4>>(loop, owner, manners);
    return std::make_unique<SideOf<V6>>(loop, owner, manners);
}

}  // namespace cni::dhcp
