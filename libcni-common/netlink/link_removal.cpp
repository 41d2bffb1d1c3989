#include "netlink/link_removal.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>

#include "base/random.h"
#include "sys/raw_call.h"

namespace cni {
namespace {

constexpr int longest_wait = 1000;  // milliseconds

// Whole words that a filter loads are in network byte order, and those of netlink in the host's.
constexpr sock_filter load_word(std::size_t offset) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
constexpr sock_filter load_half(std::size_t offset) {
    return BPF_STMT(BPF_LD | BPF_H | BPF_ABS, static_cast<std::uint32_t>(offset));
}
constexpr sock_filter load_byte(std::size_t offset) {
    return BPF_STMT(BPF_LD | BPF_B | BPF_ABS, static_cast<std::uint32_t>(offset));
}
constexpr sock_filter unless_equal(std::uint32_t value, std::uint8_t skipped) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skipped);
}
constexpr sock_filter take(std::uint32_t bytes) {
    return BPF_STMT(BPF_RET | BPF_K, bytes);
}

// Nothing else wakes us, however much goes on around. A bridge announces under its own family when
// it loses a port.
bool let_pass_removal_only(int socket, int index) {
    sock_filter code[] = {
        load_half(offsetof(nlmsghdr, nlmsg_type)),
        unless_equal(htons(RTM_DELLINK), 5),
        load_byte(NLMSG_HDRLEN + offsetof(ifinfomsg, ifi_family)),
        unless_equal(AF_UNSPEC, 3),
        load_word(NLMSG_HDRLEN + offsetof(ifinfomsg, ifi_index)),
        unless_equal(htonl(static_cast<std::uint32_t>(index)), 1),
        take(~0u),
        take(0),
    };
    const sock_fprog program{std::size(code), code};
    return ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

// Without what libnl does to a socket that is only waited on. Empty when there can be none.
Fd subscribe_to_removal(int index) {
    Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    sockaddr_nl address{
        .nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = RTMGRP_LINK};
    if (!socket || !let_pass_removal_only(socket.get(), index) ||
        ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
        return {};
    return socket;
}

// Far from the small numbers that people give to groups.
std::uint32_t draw_group() {
    return draw_random<std::uint32_t>() >> 1 | 1u << 30;
}

std::vector<NlRequest> removals_of(const std::vector<Link>& links) {
    std::vector<NlRequest> requests;
    for (const Link& link : links) requests.push_back(remove_link(link));
    return requests;
}

}  // namespace

LinkRemoval::LinkRemoval(Rtnl& rtnl, const std::vector<Link>& links)
    : rtnl_(rtnl),
      requests_(removals_of(links)),
      is_one_request_(links.size() == 1 || put_into_group(links)),
      prepared_(rtnl.prepare(requests_.front())),
      announcements_(subscribe_to_removal(links.front().index)) {}

// Nobody else's link may be in it. Where there can be none they are removed one by one.
bool LinkRemoval::put_into_group(const std::vector<Link>& links) try {
    const std::uint32_t group = draw_group();
    const auto all = rtnl_.links();
    if (std::ranges::find(all, group, &Link::group) != all.end()) return false;
    std::vector<NlRequest> changes;
    for (const Link& link : links) changes.push_back(set_group(link, group));
    rtnl_.transact(changes);
    requests_.insert(requests_.begin(), remove_group(group));
    return true;
} catch (const SysError&) {
    return false;
}

std::optional<LinkRemoval::Question> LinkRemoval::question() const {
    Question question;
    if (prepared_.size() > question.message_.size()) return {};
    question.socket_ = rtnl_.fd();
    question.size_ = prepared_.size();
    std::ranges::copy(prepared_, question.message_.begin());
    return question;
}

void LinkRemoval::Question::ask() const noexcept {
    sockaddr_nl kernel{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
    iovec piece{const_cast<std::uint8_t*>(message_.data()), size_};
    msghdr message{};
    message.msg_name = &kernel;
    message.msg_namelen = sizeof kernel;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    while (raw_call(SYS_sendmsg, socket_, &message, 0) == -EINTR) {
    }
}

// The kernel announces a link when those of the request are in no list any more, and have been
// shut: unregister_netdevice_many_notify() in net/core/dev.c.
bool LinkRemoval::await(int end) const {
    pollfd signs[] = {{announcements_.get(), POLLIN, 0}, {rtnl_.fd(), POLLIN, 0}, {end, POLLIN, 0}};
    while (::poll(signs, std::size(signs), longest_wait) < 0 && errno == EINTR) {
    }
    return is_one_request_ && (signs[0].revents & POLLIN) != 0;
}

void LinkRemoval::finish() {
    rtnl_.transact(requests_);
}

}  // namespace cni
