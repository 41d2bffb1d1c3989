// DHCP for IPv4. The input is parsed as each kind of packet, and it is a story that a client lives
// through: a byte that chooses what happens, one that says how many bytes follow, and these.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "ipam/dhcp/protocol/client4.h"
#include "ipam/dhcp/protocol/options4.h"

namespace {

using cni::dhcp::View;

constexpr cni::Mac own{{2, 0, 0, 0, 0, 1}}, other{{2, 0, 0, 0, 0, 2}};

void require(bool condition) {
    if (!condition) std::abort();
}

void read_options(const cni::dhcp::Options4& options) {
    for (const auto& route : cni::dhcp::routes(options)) {
        require(route.dst.network() == route.dst);
        require(!route.gw || cni::dhcp::is_host_address(*route.gw));
    }
    for (const auto& ip : cni::dhcp::dns_servers(options)) require(cni::dhcp::is_host_address(ip));
    for (const auto& name : cni::dhcp::search_list(options))
        require(!name.empty() && name.find_first_of(" \n\t#;") == name.npos);
    require(cni::dhcp::domain_name(options).find_first_of(" \n\t#;") == std::string::npos);
    require(cni::dhcp::mtu(options).value_or(1500) >= 68);
    cni::dhcp::text_in(options, cni::dhcp::option4::message);
}

// What is read and written is read as the same.
void parse_alone(View input) {
    const auto parsed = cni::dhcp::parse_message4(input);
    if (const auto* message = std::get_if<cni::dhcp::Message4>(&parsed)) {
        read_options(message->options);
        require(cni::dhcp::parse_message4(cni::dhcp::encode(*message)) == parsed);
    }
    if (const auto arp = cni::dhcp::parse_arp(input))
        require(cni::dhcp::parse_arp(cni::dhcp::encode(*arp)) == arp);
    for (const auto checksum :
         {cni::dhcp::UdpChecksum::verify, cni::dhcp::UdpChecksum::not_made_yet}) {
        const auto packet = cni::dhcp::parse_packet4(input, checksum);
        const auto* datagram = std::get_if<cni::dhcp::Datagram4>(&packet);
        if (!datagram) continue;
        require(datagram->payload.size() <= input.size());
        const auto again = cni::dhcp::encode(*datagram);
        require(std::holds_alternative<cni::dhcp::Datagram4>(
            cni::dhcp::parse_packet4(again, cni::dhcp::UdpChecksum::verify)));
    }
}

class Story {
public:
    explicit Story(View input) : rest_(input) {
        cni::dhcp::Client4Config config;
        config.mac = own;
        config.client_id = {0, 'x'};
        config.requested = {1, 3, 121};
        config.patience = std::chrono::seconds(208);
        client_.emplace(config, [this] { return random_ = random_ * 1664525 + 1013904223; });
        act(client_->start(now_));
    }

    void tell() {
        while (!rest_.empty()) {
            happen(rest_.u8() % 8,
                   rest_.bytes(std::min<std::size_t>(rest_.u8(), rest_.rest().size())));
            check();
        }
    }

private:
    void happen(int what, View about) {
        switch (what) {
            case 0:
                return wait_until_due();
            case 1:
                return wait(about);
            case 2:
                return hear_arp(about);
            case 3:
                return act(client_->release(now_));
            case 4:
                return act(lease_ ? client_->reclaim(now_, *lease_) : client_->start(now_));
            case 5:
                if (lease_) act(client_->resume(now_, *lease_));
                return;
            default:
                return hear_answer(about);
        }
    }
    void wait_until_due() {
        if (const auto deadline = client_->deadline()) now_ = std::max(now_, *deadline);
        act(client_->tick(now_));
    }
    void wait(View about) {
        now_ += std::chrono::seconds(cni::dhcp::Reader(about).u32() & 0xffffff);
        act(client_->tick(now_));
    }
    // From the server, to the client: an address, then options.
    void hear_answer(View about) {
        cni::dhcp::Message4 head{.is_reply = true, .xid = sent_.xid, .mac = own};
        cni::dhcp::Reader reader(about);
        head.yours = reader.ip(cni::Family::v4);
        cni::dhcp::Bytes bytes = cni::dhcp::encode(head);
        bytes.resize(240);
        cni::dhcp::put(bytes, reader.rest());
        const auto parsed = cni::dhcp::parse_message4(bytes);
        if (const auto* message = std::get_if<cni::dhcp::Message4>(&parsed))
            act(client_->receive(now_, *message));
    }
    void hear_arp(View about) {
        cni::dhcp::Arp arp{.is_reply = !about.empty(), .sender_mac = other, .sender = probed_};
        if (const auto parsed = cni::dhcp::parse_arp(about)) arp = *parsed;
        act(client_->receive(now_, arp));
    }

    void act(const cni::dhcp::Actions4& actions) {
        require(actions.size() <= 4);
        for (const auto& action : actions) {
            if (const auto* send = std::get_if<cni::dhcp::Send4>(&action))
                sent_ = std::get<cni::dhcp::Message4>(cni::dhcp::parse_message4(send->payload));
            if (const auto* probe = std::get_if<cni::dhcp::SendArp>(&action))
                probed_ = cni::dhcp::parse_arp(probe->packet).value().target;
            if (const auto* bound = std::get_if<cni::dhcp::Bound4>(&action)) lease_ = bound->lease;
            if (const auto* lost = std::get_if<cni::dhcp::Lost>(&action))
                require(!lost->reason.empty() && !client_->lease());
        }
        read_options(client_->lease() ? client_->lease()->options : cni::dhcp::Options4{});
    }

    // It is never busy: what is due is done, a few things at one time at most.
    void check() {
        for (int i = 0; client_->deadline().value_or(cni::dhcp::never) <= now_; ++i) {
            require(i < 4);
            act(client_->tick(now_));
        }
        const auto& lease = client_->lease();
        require(!lease || (lease->expire > now_ && lease->address.length > 0));
        require(!lease || cni::dhcp::is_host_address(lease->address.ip));
        require(lease || client_->state() != cni::dhcp::State4::bound);
    }

    cni::dhcp::Reader rest_;
    std::optional<cni::dhcp::Client4> client_;
    cni::dhcp::Time now_{};
    std::uint32_t random_ = 1;
    cni::dhcp::Message4 sent_;
    cni::Ip probed_;
    std::optional<cni::dhcp::Lease4> lease_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    parse_alone(input);
    Story(input).tell();
    return 0;
}
