#include "support/frames.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace cni::test {
namespace {

constexpr std::uint16_t experimental = 0x88b5;  // IEEE 802 local experimental EtherType 1
constexpr std::uint16_t tagged = ETH_P_8021Q;
constexpr int patience = 3000;  // ms

void append_be16(std::string& out, unsigned value) {
    out.push_back(static_cast<char>(value >> 8));
    out.push_back(static_cast<char>(value & 0xff));
}

std::string bytes_of(const Frame& frame) {
    std::string out(frame.destination.bytes.begin(), frame.destination.bytes.end());
    out.append(frame.source.bytes.begin(), frame.source.bytes.end());
    if (frame.vlan != 0) {
        append_be16(out, tagged);
        append_be16(out, static_cast<unsigned>(frame.vlan));
    }
    append_be16(out, experimental);
    out += frame.text;
    out.resize(std::max<std::size_t>(out.size() + 1, 64), '\0');
    return out;
}

// The kernel takes the tag out of the frame and tells it beside.
int vlan_of(msghdr& message) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
        tpacket_auxdata auxiliary{};
        std::memcpy(&auxiliary, CMSG_DATA(c), sizeof auxiliary);
        if (auxiliary.tp_status & TP_STATUS_VLAN_VALID) return auxiliary.tp_vlan_tci & 0xfff;
    }
    return 0;
}

}  // namespace

FrameSocket::FrameSocket(const Netns& netns, const std::string& ifname) {
    netns.run([&] {
        socket_ = Fd(checked(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "packet socket"));
        ifindex_ = static_cast<int>(::if_nametoindex(ifname.c_str()));
    });
    const int on = 1;
    checked(::setsockopt(socket_.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof on),
            "ask for tags");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = ifindex_;
    checked(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
            "bind to ", ifname);
}

void FrameSocket::send(const Frame& frame) const {
    const std::string bytes = bytes_of(frame);
    checked(::send(socket_.get(), bytes.data(), bytes.size(), 0), "send a frame");
}

std::optional<Frame> FrameSocket::receive() const {
    for (;;) {
        pollfd event{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        if (checked(::poll(&event, 1, patience), "wait for a frame") == 0) return {};
        char buffer[2048], control[256];
        sockaddr_ll from{};
        iovec vector{buffer, sizeof buffer};
        msghdr message{&from, sizeof from, &vector, 1, control, sizeof control, 0};
        const auto size = checked(::recvmsg(socket_.get(), &message, 0), "receive a frame");
        if (from.sll_pkttype == PACKET_OUTGOING || size < ETH_HLEN) continue;
        const std::string_view bytes(buffer, static_cast<std::size_t>(size));
        if (from.sll_protocol != htons(experimental)) continue;
        Frame frame;
        frame.vlan = vlan_of(message);
        std::copy_n(bytes.begin(), 6, frame.destination.bytes.begin());
        std::copy_n(bytes.begin() + 6, 6, frame.source.bytes.begin());
        frame.text = bytes.substr(ETH_HLEN, bytes.find('\0', ETH_HLEN) - ETH_HLEN);
        return frame;
    }
}

bool FrameSocket::receives(const std::string& text, const std::string& end) const {
    bool found = false;
    while (const auto frame = receive()) {
        if (frame->text == text) found = true;
        if (frame->text == end) return found;
    }
    throw Error(Code::internal, cat("the frame ", end, " did not come"));
}

}  // namespace cni::test
