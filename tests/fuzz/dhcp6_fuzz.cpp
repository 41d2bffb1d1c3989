// DHCP for IPv6. The input is parsed as each kind of message, and it is
// a story that a client lives through: a byte that chooses what happens, one that says how many
// bytes follow, and these.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "ipam/dhcp/protocol/client6.h"

namespace {

using cni::dhcp::View;

constexpr std::uint32_t ia = 1;

void require(bool condition) {
    if (!condition) std::abort();
}

void read_options(const cni::dhcp::Options6& options) {
    for (const auto& ip : cni::dhcp::dns_servers(options)) require(cni::dhcp::is_host_address6(ip));
    for (const auto& name : cni::dhcp::search_list(options))
        require(!name.empty() && name.find_first_of(" \n\t#;") == name.npos);
    if (const auto found = cni::dhcp::find_ia(options, ia))
        for (const auto& each : found->addresses)
            require(cni::dhcp::is_host_address6(each.address) && each.preferred <= each.valid);
}

// What is read and written is read as the same.
void parse_alone(View input) {
    const auto parsed = cni::dhcp::parse_message6(input);
    if (const auto* message = std::get_if<cni::dhcp::Message6>(&parsed)) {
        read_options(message->options);
        require(cni::dhcp::encode(*message) == cni::dhcp::to_bytes(input));
    }
    if (const auto address = cni::dhcp::advertised_neighbor(input)) {
        require(!address->is_multicast());
        require(!cni::dhcp::advertised_neighbor(cni::dhcp::neighbor_probe(*address)));
    }
}

void read_as_packet(View input) {
    for (const auto checksum :
         {cni::dhcp::UdpChecksum::verify, cni::dhcp::UdpChecksum::not_made_yet})
        if (const auto content = cni::dhcp::datagram_for(546, input, checksum))
            require(content->data() + content->size() <= input.data() + input.size());
}

class Story {
public:
    explicit Story(View input) : rest_(input) {
        cni::dhcp::Client6Config config;
        config.duid = {0, 4, 1};
        config.ia = ia;
        config.probes = 1;
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
                return act(client_->receive(now_, cni::dhcp::Neighbor{probed_}));
            case 3:
                return act(client_->release(now_));
            case 4:
                return act(lease_ ? client_->reclaim(now_, *lease_) : client_->start(now_));
            case 5:
                if (lease_) act(client_->resume(now_, *lease_));
                return;
            case 6:
                return hear_answer(cni::dhcp::Type6::advertise, about);
            default:
                return hear_answer(cni::dhcp::Type6::reply, about);
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
    // From one of 256 servers, to the client.
    void hear_answer(cni::dhcp::Type6 type, View about) {
        cni::dhcp::Reader reader(about);
        cni::dhcp::Message6 message{type,
                                    sent_.transaction,
                                    {{cni::dhcp::option6::client_id, {0, 4, 1}},
                                     {cni::dhcp::option6::server_id, {0, 3, reader.u8()}}}};
        const auto parsed = cni::dhcp::parse_options6(reader.rest());
        const auto* options = std::get_if<cni::dhcp::Options6>(&parsed);
        if (!options) return;
        message.options.insert(message.options.end(), options->begin(), options->end());
        act(client_->receive(now_, message));
    }

    void act(const cni::dhcp::Actions6& actions) {
        require(actions.size() <= 4);
        for (const auto& action : actions) {
            if (const auto* send = std::get_if<cni::dhcp::Send6>(&action))
                sent_ = std::get<cni::dhcp::Message6>(cni::dhcp::parse_message6(send->payload));
            if (const auto* probe = std::get_if<cni::dhcp::SendProbe>(&action))
                probed_ = probe->address;
            if (const auto* bound = std::get_if<cni::dhcp::Bound6>(&action)) lease_ = bound->lease;
            if (const auto* lost = std::get_if<cni::dhcp::Lost>(&action))
                require(!lost->reason.empty() && !client_->lease());
        }
        if (client_->lease()) read_options(client_->lease()->options);
    }

    // It is never busy: what is due is done, a few things at one time at most.
    void check() {
        for (int i = 0; client_->deadline().value_or(cni::dhcp::never) <= now_; ++i) {
            require(i < 4);
            act(client_->tick(now_));
        }
        const auto& lease = client_->lease();
        require(!lease || (lease->expire > now_ && cni::dhcp::is_host_address6(lease->address)));
        require(lease || client_->state() != cni::dhcp::State6::bound);
    }

    cni::dhcp::Reader rest_;
    std::optional<cni::dhcp::Client6> client_;
    cni::dhcp::Time now_{};
    std::uint32_t random_ = 1;
    cni::dhcp::Message6 sent_;
    cni::Ip probed_ = cni::Ip::any(cni::Family::v6);
    std::optional<cni::dhcp::Lease6> lease_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const View input(data, size);
    parse_alone(input);
    read_as_packet(input);
    Story(input).tell();
    return 0;
}
