#include "client6.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "waiting.h"

namespace cni::dhcp {
namespace {

using std::chrono::seconds;

// RFC 8415, 7.6.
constexpr Duration default_sol_max_rt = seconds(3600);
constexpr int most_requests6 = 10;
// Seven seconds: a server that is there has answered.
constexpr int most_unmanaged_solicits = 3;
constexpr Duration longest_confirmation = seconds(10);
// RFC 8415, 11.1.
constexpr std::size_t longest_duid = 130;
constexpr int preferred_to_all = 255;

/// How long the first message of an exchange waits, and any of them.
struct Pace {
    Duration first, longest;
};

Pace pace_of(State6 state) {
    switch (state) {
        case State6::requesting:
            return {seconds(1), seconds(30)};
        case State6::confirming:
            return {seconds(1), seconds(4)};
        case State6::renewing:
        case State6::rebinding:
            return {seconds(10), seconds(600)};
        default:
            return {seconds(1), default_sol_max_rt};
    }
}

Type6 question_of(State6 state) {
    switch (state) {
        case State6::requesting:
            return Type6::request;
        case State6::confirming:
            return Type6::confirm;
        case State6::renewing:
            return Type6::renew;
        case State6::rebinding:
            return Type6::rebind;
        default:
            return Type6::solicit;
    }
}

Option6 u16_list(std::uint16_t code, const std::vector<std::uint16_t>& numbers) {
    Option6 option{code};
    for (const std::uint16_t number : numbers) put_u16(option.value, number);
    return option;
}

bool is_of_the_protocol(const Option6& option) {
    return option.code == option6::client_id ||
           std::ranges::find(protocol_options6, option.code) != std::end(protocol_options6);
}

}  // namespace

Client6::Client6(Client6Config config, Random random)
    : config_(std::move(config)),
      random_(std::move(random)),
      longest_solicit_wait_(default_sol_max_rt) {
    // RFC 8415, 18.2.
    config_.requested.push_back(option6::sol_max_rt);
    std::erase_if(config_.options, is_of_the_protocol);
}

// ---------------------------------------------------------------- what callers want

Actions6 Client6::start(Time now) {
    stop();
    if (config_.patience) end_of_patience_ = now + *config_.patience;
    solicit(now);
    return take_actions();
}

Actions6 Client6::resume(Time now, const Lease6& lease) {
    stop();
    lease_ = lease;
    had_lease_ = true;
    enter(now, State6::bound);
    timer_ = lease.renew;
    return tick(now);
}

Actions6 Client6::reclaim(Time now, const Lease6& lease) {
    stop();
    had_lease_ = true;
    if (lease.expire > now) {
        candidate_ = lease;
        enter(now, State6::confirming);
        send(now);
    } else {
        wish_ = lease.address;
        solicit(now);
    }
    return take_actions();
}

Actions6 Client6::resume(Time now) {
    stop();
    had_lease_ = true;
    solicit(now);
    return take_actions();
}

Actions6 Client6::release(Time now) {
    const bool is_had = state_ == State6::checking || state_ == State6::confirming;
    enter(now, State6::stopped);
    if (lease_) send_farewell(Type6::release, *lease_);
    if (is_had) send_farewell(Type6::release, *candidate_);
    stop();
    return take_actions();
}

void Client6::hear_of_unmanaged() {
    is_unmanaged_ = true;
}

Actions6 Client6::receive(Time now, const Neighbor& neighbor) {
    if (state_ != State6::checking || neighbor.address != candidate_->address) return {};
    enter(now, State6::paused);
    send_farewell(Type6::decline, *candidate_);
    const std::string reason =
        cat("address ", neighbor.address.to_string(), " is in use by another host");
    if (lease_) {
        keep(now, reason);
    } else {
        lose(reason);
        begin_again(now);
    }
    return take_actions();
}

void Client6::stop() {
    state_ = State6::stopped;
    timer_ = end_of_patience_ = never;
    lease_.reset();
    candidate_.reset();
    wish_.reset();
    trouble_.clear();
    failures_ = 0;
}

// ---------------------------------------------------------------- what happens

Actions6 Client6::receive(Time now, const Message6& message) {
    if (!is_for_us(message)) return {};
    if (message.type == Type6::advertise && state_ == State6::soliciting)
        take_advertise(now, message);
    else if (message.type == Type6::reply)
        take_reply(now, message);
    return take_actions();
}

Actions6 Client6::tick(Time now) {
    if (lease_ && now >= lease_->expire)
        expire(now);
    else if (now >= end_of_patience_)
        fail(cat("no more tries: ", trouble_.empty() ? "no server has answered" : trouble_));
    else if (now >= timer_)
        act(now);
    return take_actions();
}

std::optional<Time> Client6::deadline() const {
    const Time next = std::min({timer_, end_of_patience_, lease_ ? lease_->expire : never});
    return next == never ? std::nullopt : std::optional(next);
}

void Client6::act(Time now) {
    switch (state_) {
        case State6::paused:
            solicit(now);
            break;
        case State6::soliciting:
            if (candidate_) return request(now);
            if (is_unmanaged_ && !had_lease_ && sent_ >= most_unmanaged_solicits)
                return fail(
                    "no server has answered, and routers say that there is none: hosts make "
                    "their addresses themselves here (flag M of router advertisements)");
            send(now);
            break;
        case State6::requesting:
            if (sent_ < most_requests6) return send(now);
            trouble_ = "the server that was chosen is silent";
            solicit(now);
            break;
        case State6::confirming:
            // Nobody knows better: RFC 8415, 18.2.3.
            if (now >= began_ + longest_confirmation) return use_remembered(now);
            send(now);
            break;
        case State6::checking:
            probe(now);
            break;
        case State6::bound:
        case State6::renewing:
        case State6::rebinding:
            begin_renewal(now);
            break;
        case State6::stopped:
            break;
    }
}

bool Client6::is_for_us(const Message6& message) const {
    const Bytes* client = find(message.options, option6::client_id);
    const Bytes* server = find(message.options, option6::server_id);
    return message.transaction == transaction_ && client && *client == config_.duid && server &&
           !server->empty() && server->size() <= longest_duid;
}

// ---------------------------------------------------------------- the exchanges

void Client6::solicit(Time now) {
    candidate_.reset();
    enter(now, State6::soliciting);
    send(now);
}

void Client6::request(Time now) {
    enter(now, State6::requesting);
    send(now);
}

void Client6::begin_renewal(Time now) {
    const State6 next = now >= lease_->rebind ? State6::rebinding : State6::renewing;
    if (state_ != next) enter(now, next);
    send(now);
    timer_ = std::min(timer_, next == State6::rebinding ? lease_->expire : lease_->rebind);
}

std::optional<Ip> Client6::address_in_question() const {
    if (candidate_) return candidate_->address;
    return lease_ ? lease_->address : wish_;
}

Message6 Client6::question(Type6 type, Time now) const {
    Message6 message{type, transaction_, {{option6::client_id, config_.duid}}};
    Options6& options = message.options;
    if (type == Type6::request) options.push_back({option6::server_id, candidate_->server});
    if (type == Type6::renew) options.push_back({option6::server_id, lease_->server});
    options.push_back(make_ia(config_.ia, address_in_question()));
    const auto passed =
        std::chrono::duration_cast<std::chrono::duration<std::int64_t, std::centi>>(now - began_);
    constexpr std::int64_t most = std::numeric_limits<std::uint16_t>::max();
    options.push_back(u16_list(option6::elapsed_time,
                               {static_cast<std::uint16_t>(std::min(passed.count(), most))}));
    if (type == Type6::solicit) options.push_back({option6::rapid_commit});
    // What is known stays as it is.
    if (type == Type6::confirm) return message;
    options.push_back(u16_list(option6::option_request, config_.requested));
    options.insert(options.end(), config_.options.begin(), config_.options.end());
    return message;
}

void Client6::send(Time now) {
    actions_.emplace_back(Send6{encode(question(question_of(state_), now))});
    asked_ = now;
    wait_for_answer(now);
}

void Client6::send_farewell(Type6 type, const Lease6& lease) {
    actions_.emplace_back(Send6{encode(Message6{type,
                                                transaction_,
                                                {{option6::client_id, config_.duid},
                                                 {option6::server_id, lease.server},
                                                 make_ia(config_.ia, lease.address),
                                                 u16_list(option6::elapsed_time, {0})}})});
}

void Client6::enter(Time now, State6 state) {
    state_ = state;
    transaction_ = random_() & 0xffffff;
    began_ = now;
    sent_ = 0;
    timer_ = never;
}

// RFC 8415, 15. The first Solicit waits for more than its time, in which all servers answer.
void Client6::wait_for_answer(Time now) {
    const Pace pace = pace_of(state_);
    const Duration longest = state_ == State6::soliciting ? longest_solicit_wait_ : pace.longest;
    const auto around = [this](Duration wait) { return wait + jitter(random_, wait / 10); };
    if (sent_ > 0)
        wait_ = wait_ + around(wait_);
    else if (state_ == State6::soliciting)
        wait_ = std::max(around(pace.first), pace.first + Duration(1));
    else
        wait_ = around(pace.first);
    if (wait_ > longest) wait_ = around(longest);
    ++sent_;
    timer_ = now + wait_;
    if (state_ == State6::confirming) timer_ = std::min(timer_, began_ + longest_confirmation);
}

// ---------------------------------------------------------------- answers

void Client6::take_advertise(Time now, const Message6& advertise) {
    if (const auto told = sol_max_rt(advertise.options)) longest_solicit_wait_ = seconds(*told);
    const auto parsed = lease_of(advertise, config_.ia, now, wish_);
    if (const auto* malformed = std::get_if<Malformed>(&parsed)) {
        trouble_ = malformed->reason;
        return;
    }
    const int its_preference = preference(advertise.options);
    if (candidate_ && its_preference <= preference_) return;
    candidate_ = std::get<Lease6>(parsed);
    preference_ = its_preference;
    // The others have had their time.
    if (its_preference == preferred_to_all || sent_ > 1) request(now);
}

bool Client6::comes_from_our_server(const Message6& reply) const {
    const Bytes& server = *find(reply.options, option6::server_id);
    switch (state_) {
        case State6::soliciting:
            return find(reply.options, option6::rapid_commit) != nullptr;
        case State6::requesting:
            return server == candidate_->server;
        case State6::renewing:
            return server == lease_->server;
        case State6::confirming:
        case State6::rebinding:
            return true;
        default:
            return false;
    }
}

void Client6::take_reply(Time now, const Message6& reply) {
    if (!comes_from_our_server(reply)) return;
    if (const auto told = sol_max_rt(reply.options)) longest_solicit_wait_ = seconds(*told);
    if (state_ == State6::confirming)
        take_confirmation(now, reply);
    else
        take_lease(now, reply);
}

void Client6::take_confirmation(Time now, const Message6& reply) {
    const Status6 status = status_in(reply.options);
    if (status == Status6::success) return use_remembered(now);
    if (status != Status6::not_on_link) return;
    lose(cat("the address ", candidate_->address.to_string(), " does not belong to this link"));
    begin_again(now);
}

void Client6::use_remembered(Time now) {
    if (candidate_->expire > now) return check(now, *candidate_);
    wish_ = candidate_->address;
    solicit(now);
}

void Client6::take_lease(Time now, const Message6& reply) {
    const auto parsed = lease_of(reply, config_.ia, asked_, address_in_question());
    if (const auto* lease = std::get_if<Lease6>(&parsed)) {
        if (lease->expire <= now) return;
        if (lease_ && lease_->address == lease->address) return bind(*lease);
        return check(now, *lease);
    }
    trouble_ = std::get<Malformed>(parsed).reason;
    const auto ia = find_ia(reply.options, config_.ia);
    const Status6 of_message = status_in(reply.options);
    const Status6 status = of_message == Status6::success && ia ? ia->status : of_message;
    if (state_ == State6::requesting) {
        // Too much work, says the server: it is asked again in a while.
        if (status == Status6::unspecified_failure) return;
        lose(cat("the server refuses: ", trouble_));
        return begin_again(now);
    }
    if (!lease_) return;
    if (status == Status6::no_binding) {
        // RFC 8415, 18.2.10.1: it may have forgotten; the lease lasts.
        candidate_ = *lease_;
        candidate_->server = *find(reply.options, option6::server_id);
        return request(now);
    }
    if (!takes_away(reply, config_.ia, lease_->address)) return;
    lose(cat("the server takes the address ", lease_->address.to_string(), " away"));
    begin_again(now);
}

// ---------------------------------------------------------------- before the address is used

void Client6::check(Time now, Lease6 lease) {
    candidate_ = std::move(lease);
    if (config_.probes == 0) return bind(*candidate_);
    enter(now, State6::checking);
    probe(now);
}

void Client6::probe(Time now) {
    if (candidate_->expire <= now) return solicit(now);
    if (sent_ >= config_.probes) return bind(*candidate_);
    actions_.emplace_back(SendProbe{candidate_->address});
    ++sent_;
    timer_ = now + config_.probe_wait;
}

// What was offered in its place is not to be had: it is asked for again when it would be without an
// answer, but not before a minute has passed.
void Client6::keep(Time now, const std::string& reason) {
    constexpr Duration least_wait = seconds(60);
    trouble_ = reason;
    actions_.emplace_back(Note{reason});
    candidate_.reset();
    enter(now, State6::bound);
    const Time end = now >= lease_->rebind ? lease_->expire : lease_->rebind;
    timer_ = std::min(end, now + std::max((end - now) / 2, least_wait));
}

void Client6::bind(Lease6 lease) {
    lease_ = std::move(lease);
    candidate_.reset();
    wish_.reset();
    had_lease_ = true;
    failures_ = 0;
    end_of_patience_ = never;
    state_ = State6::bound;
    timer_ = lease_->renew;
    actions_.emplace_back(Bound6{*lease_});
}

// ---------------------------------------------------------------- what goes wrong

void Client6::lose(const std::string& reason) {
    trouble_ = reason;
    if (lease_)
        actions_.emplace_back(Lost{reason});
    else
        actions_.emplace_back(Note{reason});
    lease_.reset();
}

// While it asks for it anew, the exchange goes on.
void Client6::expire(Time now) {
    const Ip address = lease_->address;
    lose(cat("the lease of ", address.to_string(), " has expired"));
    if (state_ == State6::requesting || state_ == State6::soliciting || state_ == State6::checking)
        return;
    wish_ = address;
    solicit(now);
}

void Client6::begin_again(Time now) {
    wish_.reset();
    candidate_.reset();
    const Duration pause = pause_after(++failures_, random_);
    if (pause == Duration()) return solicit(now);
    enter(now, State6::paused);
    timer_ = now + pause;
}

void Client6::fail(const std::string& reason) {
    actions_.emplace_back(Failed{reason});
    stop();
}

Actions6 Client6::take_actions() {
    return std::exchange(actions_, {});
}

}  // namespace cni::dhcp
