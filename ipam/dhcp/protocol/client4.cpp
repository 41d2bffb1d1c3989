#include "client4.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "options4.h"
#include "waiting.h"

namespace cni::dhcp {
namespace {

using std::chrono::seconds;

// RFC 2131, 3.1.5: a minute or so.
constexpr int most_requests = 4;
// An earlier lease is worth less waiting than a server that has just made an offer.
constexpr int most_reboot_requests = 2;
// RFC 2131, 4.4.5.
constexpr Duration least_renewal_wait = seconds(60);
// RFC 2131, 3.1.5.
constexpr Duration pause_after_decline = seconds(10);
constexpr std::uint16_t max_message_size = 1500;

Bytes u16_option(std::uint16_t value) {
    Bytes bytes;
    put_u16(bytes, value);
    return bytes;
}

}  // namespace

Client4::Client4(Client4Config config, Random random)
    : config_(std::move(config)), random_(std::move(random)) {
    // One text for all messages, whatever names it: RFC 2131, 4.2.
    if (const Bytes* id = find(config_.options, option4::client_id)) config_.client_id = *id;
}

// ---------------------------------------------------------------- what callers want

Actions4 Client4::start(Time now) {
    stop();
    if (config_.patience) end_of_patience_ = now + *config_.patience;
    search(now);
    return take_actions();
}

Actions4 Client4::resume(Time now, const Lease4& lease) {
    stop();
    lease_ = lease;
    had_lease_ = true;
    enter(State4::bound);
    timer_ = lease.renew;
    return tick(now);
}

Actions4 Client4::reclaim(Time now, const Lease4& lease) {
    stop();
    had_lease_ = true;
    if (lease.expire > now) {
        candidate_ = lease;
        began_ = now;
        enter(State4::rebooting);
        send_request(now);
    } else {
        wish_ = lease.address.ip;
        search(now);
    }
    return take_actions();
}

Actions4 Client4::resume(Time now) {
    stop();
    had_lease_ = true;
    search(now);
    return take_actions();
}

Actions4 Client4::release(Time) {
    xid_ = random_();
    if (lease_)
        send_release(lease_->address.ip, lease_->server);
    else if (state_ == State4::checking || state_ == State4::rebooting)
        send_release(candidate_->address.ip, candidate_->server);
    stop();
    return take_actions();
}

void Client4::stop() {
    enter(State4::stopped);
    lease_.reset();
    candidate_.reset();
    wish_.reset();
    trouble_.clear();
    failures_ = 0;
    end_of_patience_ = never;
}

// ---------------------------------------------------------------- what happens

Actions4 Client4::receive(Time now, const Message4& message) {
    if (!is_for_us(message)) return {};
    switch (message.type().value_or(Type4::inform)) {
        case Type4::offer:
            take_offer(now, message);
            break;
        case Type4::ack:
            take_ack(now, message);
            break;
        case Type4::nak:
            take_nak(now, message);
            break;
        default:
            break;
    }
    return take_actions();
}

Actions4 Client4::receive(Time now, const Arp& arp) {
    if (state_ == State4::checking && shows_conflict(arp, config_.mac, candidate_->address.ip))
        decline(now, arp.sender_mac);
    return take_actions();
}

Actions4 Client4::tick(Time now) {
    if (lease_ && now >= lease_->expire)
        expire(now);
    else if (now >= end_of_patience_)
        fail(cat("no more tries: ", trouble_.empty() ? "no server has made an offer" : trouble_));
    else if (now >= timer_)
        act(now);
    return take_actions();
}

std::optional<Time> Client4::deadline() const {
    const Time next = std::min({timer_, end_of_patience_, lease_ ? lease_->expire : never});
    return next == never ? std::nullopt : std::optional(next);
}

void Client4::act(Time now) {
    switch (state_) {
        case State4::paused:
            search(now);
            break;
        case State4::selecting:
            send_discover(now);
            break;
        case State4::requesting:
            if (sent_ < most_requests) return send_request(now);
            note(cat("server ", candidate_->server.to_string(), " made an offer and is silent"));
            discover(now);
            break;
        case State4::rebooting:
            if (sent_ < most_reboot_requests) return send_request(now);
            wish_ = candidate_->address.ip;
            discover(now);
            break;
        case State4::checking:
            probe(now);
            break;
        case State4::bound:
            began_ = now;
            [[fallthrough]];
        case State4::renewing:
        case State4::rebinding:
            send_renewal(now);
            break;
        case State4::stopped:
            break;
    }
}

// RFC 6842: servers return the client's id, by which those that share a MAC tell whose it is. Older
// ones do not.
bool Client4::is_for_us(const Message4& message) const {
    const Bytes* id = find(message.options, option4::client_id);
    return message.is_reply && message.xid == xid_ && message.mac == config_.mac &&
           (!id || *id == config_.client_id);
}

// ---------------------------------------------------------------- the first messages

void Client4::search(Time now) {
    began_ = now;
    discover(now);
}

void Client4::discover(Time now) {
    candidate_.reset();
    enter(State4::selecting);
    send_discover(now);
}

void Client4::send_discover(Time now) {
    secs_ = seconds_since_beginning(now);
    Message4 message = new_question(Type4::discover);
    if (wish_) message.options.try_emplace(option4::requested_address, to_bytes(*wish_));
    broadcast(message);
    wait_for_answer(now);
}

void Client4::take_offer(Time now, const Message4& offer) {
    const auto server = find_address(offer.options, option4::server_id);
    if (state_ != State4::selecting || !server || !is_host_address(offer.yours)) return;
    candidate_ = Lease4{Prefix::host(offer.yours), *server, {}, {}, {}, {}, {}};
    // The server knows the exchange by its id, which stays.
    state_ = State4::requesting;
    sent_ = 0;
    send_request(now);
}

void Client4::send_request(Time now) {
    // That of a selection has the time of its DISCOVER: RFC 2131, 4.4.1.
    if (state_ == State4::rebooting) secs_ = seconds_since_beginning(now);
    Message4 message = new_question(Type4::request);
    message.options[option4::requested_address] = to_bytes(candidate_->address.ip);
    if (state_ == State4::requesting)
        message.options[option4::server_id] = to_bytes(candidate_->server);
    broadcast(message);
    asked_ = now;
    wait_for_answer(now);
}

// ---------------------------------------------------------------- answers

// Whoever made the offer, or the lease: any server answers the other questions.
bool Client4::comes_from_our_server(const Message4& message) const {
    const auto server = find_address(message.options, option4::server_id);
    switch (state_) {
        case State4::requesting:
            return server == candidate_->server;
        case State4::renewing:
            return server == lease_->server;
        case State4::rebooting:
        case State4::rebinding:
            return server.has_value();
        default:
            return false;
    }
}

void Client4::take_ack(Time now, const Message4& ack) {
    if (!comes_from_our_server(ack)) return;
    const auto parsed = lease_of(ack, asked_, lease_ ? &*lease_ : nullptr, random_);
    if (const auto* malformed = std::get_if<Malformed>(&parsed))
        return refuse(now, ack, malformed->reason);
    const Lease4& lease = std::get<Lease4>(parsed);
    if (lease.expire <= now) return;
    if (lease_ && lease_->address.ip == lease.address.ip) return bind(lease);
    candidate_ = lease;
    enter(State4::checking);
    probe(now);
}

// While there is a lease, its end is soon enough.
void Client4::refuse(Time now, const Message4& ack, std::string_view reason) {
    if (lease_) return;
    if (is_host_address(ack.yours))
        send_release(ack.yours, *find_address(ack.options, option4::server_id));
    if (!had_lease_) return fail(std::string(reason));
    note(std::string(reason));
    begin_again(now, {});
}

void Client4::take_nak(Time now, const Message4& nak) {
    if (!comes_from_our_server(nak)) return;
    const auto server = find_address(nak.options, option4::server_id);
    const std::string text = text_in(nak.options, option4::message);
    lose(cat("server ", server->to_string(), " rejected request with Nak", text.empty() ? "" : ": ",
             text));
    begin_again(now, {});
}

// ---------------------------------------------------------------- before the address is used

void Client4::probe(Time now) {
    if (candidate_->expire <= now) return search(now);
    if (sent_ >= config_.probes) return bind(*candidate_);
    actions_.emplace_back(SendArp{encode(arp_probe(config_.mac, candidate_->address.ip))});
    ++sent_;
    timer_ = now + config_.probe_wait;
}

void Client4::decline(Time now, const Mac& holder) {
    Message4 message = new_message(Type4::decline);
    message.xid = random_();
    message.options[option4::requested_address] = to_bytes(candidate_->address.ip);
    message.options[option4::server_id] = to_bytes(candidate_->server);
    broadcast(message);
    note(cat("address ", candidate_->address.ip.to_string(), " is in use by ", holder.to_string()));
    if (lease_) return keep(now);
    begin_again(now, pause_after_decline);
}

// What was offered in its place is not to be had: it is asked for again when it would be without an
// answer.
void Client4::keep(Time now) {
    candidate_.reset();
    enter(State4::bound);
    timer_ = next_renewal(now);
}

void Client4::bind(Lease4 lease) {
    lease_ = std::move(lease);
    candidate_.reset();
    wish_.reset();
    had_lease_ = true;
    failures_ = 0;
    end_of_patience_ = never;
    enter(State4::bound);
    timer_ = lease_->renew;
    actions_.emplace_back(Bound4{*lease_});
}

// ---------------------------------------------------------------- while it is used

void Client4::send_renewal(Time now) {
    const bool ask_any = now >= lease_->rebind;
    state_ = ask_any ? State4::rebinding : State4::renewing;
    // Of those that wait for hours, each asks anew.
    xid_ = random_();
    secs_ = seconds_since_beginning(now);
    Message4 message = new_question(Type4::request);
    message.client = lease_->address.ip;
    message.wants_broadcast = false;
    actions_.emplace_back(
        Send4{lease_->address.ip, ask_any ? broadcast4() : lease_->server, encode(message)});
    asked_ = now;
    timer_ = next_renewal(now);
}

Time Client4::next_renewal(Time now) const {
    const Time end = now >= lease_->rebind ? lease_->expire : lease_->rebind;
    return std::min(end, now + std::max((end - now) / 2, least_renewal_wait));
}

void Client4::send_release(const Ip& address, const Ip& server) {
    Message4 message = new_message(Type4::release);
    message.client = address;
    message.options[option4::server_id] = to_bytes(server);
    actions_.emplace_back(Send4{address, server, encode(message)});
}

// One in place of it may just be checked.
void Client4::expire(Time now) {
    const Ip address = lease_->address.ip;
    lose(cat("the lease of ", address.to_string(), " has expired"));
    if (state_ == State4::checking) return;
    wish_ = address;
    search(now);
}

// ---------------------------------------------------------------- what goes wrong

void Client4::lose(const std::string& reason) {
    trouble_ = reason;
    if (lease_)
        actions_.emplace_back(Lost{reason});
    else
        note(reason);
    lease_.reset();
}

void Client4::begin_again(Time now, Duration least_pause) {
    wish_.reset();
    candidate_.reset();
    const Duration pause = std::max(least_pause, pause_after(++failures_, random_));
    if (pause == Duration()) return search(now);
    enter(State4::paused);
    timer_ = now + pause;
}

void Client4::fail(const std::string& reason) {
    actions_.emplace_back(Failed{reason});
    stop();
}

// ---------------------------------------------------------------- parts

Message4 Client4::new_message(Type4 type) const {
    Message4 message{.xid = xid_, .mac = config_.mac};
    message.options[option4::message_type] = {static_cast<std::uint8_t>(type)};
    if (!config_.client_id.empty()) message.options[option4::client_id] = config_.client_id;
    return message;
}

Message4 Client4::new_question(Type4 type) const {
    Message4 message = new_message(type);
    message.secs = secs_;
    message.wants_broadcast = config_.wants_broadcast;
    message.options[option4::max_message_size] = u16_option(max_message_size);
    if (!config_.requested.empty()) message.options[option4::parameter_list] = config_.requested;
    for (const auto& [code, value] : config_.options)
        if (code != option4::message_type && code != option4::server_id &&
            (code != option4::requested_address || type == Type4::discover))
            message.options[code] = value;
    return message;
}

void Client4::broadcast(const Message4& message) {
    actions_.emplace_back(Send4{Ip(), broadcast4(), encode(message)});
}

void Client4::enter(State4 state) {
    state_ = state;
    xid_ = random_();
    sent_ = 0;
    timer_ = never;
}

void Client4::wait_for_answer(Time now) {
    constexpr int most_doublings = 16;
    constexpr Duration most_jitter = seconds(1);
    const Duration wait =
        std::min(config_.first_wait * (1 << std::min(sent_, most_doublings)), config_.longest_wait);
    ++sent_;
    timer_ = now + wait + jitter(random_, std::min(wait / 4, most_jitter));
}

std::uint16_t Client4::seconds_since_beginning(Time now) const {
    const auto passed = std::chrono::duration_cast<seconds>(now - began_).count();
    return static_cast<std::uint16_t>(
        std::clamp<Duration::rep>(passed, 0, std::numeric_limits<std::uint16_t>::max()));
}

void Client4::note(std::string text) {
    trouble_ = text;
    actions_.emplace_back(Note{std::move(text)});
}

Actions4 Client4::take_actions() {
    return std::exchange(actions_, {});
}

}  // namespace cni::dhcp
