#include "link_watch.h"

#include <linux/filter.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "log.h"

namespace cni::dhcp {
namespace {

constexpr Duration least_pause = std::chrono::seconds(5);
constexpr std::size_t portion = 32;

// Of all that happens to links, which is much, what takes them away; and namespaces. The type is
// behind the 4 bytes of the length, in the host's byte order, which a filter takes for big-endian.
std::array<sock_filter, 5> removals() {
    const auto seen = [](std::uint16_t type) { return std::uint32_t{htons(type)}; };
    return {{BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(nlmsghdr, nlmsg_type)),
             BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seen(RTM_DELLINK), 1, 0),
             BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seen(RTM_DELNSID), 0, 1),
             BPF_STMT(BPF_RET | BPF_K, 0xffffffff), BPF_STMT(BPF_RET | BPF_K, 0)}};
}

void set_option(int socket, int level, int option, const void* value, std::size_t size) {
    checked(::setsockopt(socket, level, option, value, static_cast<socklen_t>(size)),
            "hear of interfaces that go away");
}

// For some thousand messages; without privileges on the host as much as it lets everybody have.
void make_room(int socket) {
    constexpr int size = 8 << 20;
    if (::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        set_option(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

// The namespace that a message is from, if it is not this one.
std::optional<int> nsid_of(msghdr& header) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_NETLINK || c->cmsg_type != NETLINK_LISTEN_ALL_NSID) continue;
        int nsid = -1;
        std::memcpy(&nsid, CMSG_DATA(c), sizeof nsid);
        return nsid;
    }
    return {};
}

}  // namespace

LinkWatch::LinkWatch(Loop& loop, std::function<void(const Holder&)> gone)
    : loop_(loop), gone_(std::move(gone)), pause_(loop, [this] { tell_some(); }) {
    try {
        listen();
    } catch (const Error& error) {
        socket_.reset();
        log({}, error.what());
    }
}

void LinkWatch::listen() {
    socket_.emplace(NETLINK_ROUTE);
    const auto filter = removals();
    const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                             .filter = const_cast<sock_filter*>(filter.data())};
    const int on = 1, groups[] = {RTNLGRP_LINK, RTNLGRP_NSID};
    make_room(socket_->fd());
    set_option(socket_->fd(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
    set_option(socket_->fd(), SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof on);
    for (const int group : groups)
        set_option(socket_->fd(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group);
    watch_.emplace(loop_, socket_->fd(), EPOLLIN, [this] { hear(); });
}

void LinkWatch::add(const Holder& holder, const Netns& netns, int ifindex) {
    if (!socket_) return;
    remove(holder);
    const Key key{rtnl_.get_nsid(netns), ifindex};
    holders_.emplace(key, holder);
    keys_.emplace(holder, key);
}

void LinkWatch::remove(const Holder& holder) {
    const auto found = keys_.find(holder);
    if (found == keys_.end()) return;
    const auto [begin, end] = holders_.equal_range(found->second);
    for (auto each = begin; each != end; ++each) {
        if (each->second != holder) continue;
        holders_.erase(each);
        break;
    }
    keys_.erase(found);
}

void LinkWatch::hear() {
    alignas(nlmsghdr) std::array<char, 16384> buffer;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    iovec piece{buffer.data(), buffer.size()};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(socket_->fd(), &header, MSG_DONTWAIT);
    // Too much has happened at once.
    if (size < 0 && errno == ENOBUFS) return doubt_all();
    if (size < 0) return;
    const auto nsid = nsid_of(header);
    int left = static_cast<int>(size);
    for (auto* m = reinterpret_cast<nlmsghdr*>(buffer.data()); nlmsg_ok(m, left);
         m = nlmsg_next(m, &left)) {
        if (m->nlmsg_type == RTM_DELLINK && nsid && m->nlmsg_len >= NLMSG_LENGTH(sizeof(ifinfomsg)))
            tell(*nsid, static_cast<const ifinfomsg*>(nlmsg_data(m))->ifi_index);
        if (m->nlmsg_type == RTM_DELNSID)
            tell(NlAttributes<NETNSA_MAX>(m, sizeof(rtgenmsg)).get_or<int>(NETNSA_NSID, -1), {});
    }
}

// Of one interface, or of all in the namespace.
void LinkWatch::tell(int nsid, std::optional<int> ifindex) {
    constexpr int no_index = 0;
    std::vector<Holder> affected;
    for (auto each = holders_.lower_bound({nsid, ifindex.value_or(no_index)});
         each != holders_.end() && each->first.first == nsid &&
         (!ifindex || each->first.second == *ifindex);
         ++each)
        affected.push_back(each->second);
    for (const Holder& holder : affected) gone_(holder);
}

// Whoever has a namespace can have too much happen as often as he likes: each interface is looked
// at once in some seconds, and others are served in between.
void LinkWatch::doubt_all() {
    has_missed_ = true;
    if (doubted_.empty()) pause_.set(std::max(Loop::now(), looked_ + least_pause));
}

void LinkWatch::tell_some() {
    if (doubted_.empty() && std::exchange(has_missed_, false)) {
        looked_ = Loop::now();
        for (const auto& [holder, key] : keys_) doubted_.push_back(holder);
    }
    for (std::size_t i = 0; i < portion && !doubted_.empty(); ++i) {
        const Holder holder = std::move(doubted_.back());
        doubted_.pop_back();
        gone_(holder);
    }
    if (!doubted_.empty()) return pause_.set(Loop::now() + Duration(1));
    if (has_missed_) doubt_all();
}

}  // namespace cni::dhcp
