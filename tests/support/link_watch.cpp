#include "support/link_watch.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <vector>

namespace cni::test {
namespace {

Fd listen() {
    Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
    sockaddr_nl group{};
    group.nl_family = AF_NETLINK;
    group.nl_groups = RTMGRP_LINK;
    checked(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&group), sizeof group),
            "listen to links");
    return socket;
}

std::string name_in(const nlmsghdr* message) {
    const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(message));
    auto left = static_cast<unsigned>(IFLA_PAYLOAD(message));
    for (const rtattr* a = IFLA_RTA(link); RTA_OK(a, left); a = RTA_NEXT(a, left))
        if (a->rta_type == IFLA_IFNAME) return static_cast<const char*>(RTA_DATA(a));
    return {};
}

}  // namespace

LinkWatch::LinkWatch(const Netns& netns) : socket_(netns.run(listen)) {}

std::set<std::string> LinkWatch::names() const {
    std::set<std::string> names;
    std::vector<char> buffer(1u << 16);
    for (;;) {
        const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EAGAIN) return names;
        auto left = static_cast<unsigned>(checked(size, "hear of links"));
        for (const auto* m = reinterpret_cast<const nlmsghdr*>(buffer.data()); NLMSG_OK(m, left);
             m = NLMSG_NEXT(m, left))
            if (m->nlmsg_type == RTM_NEWLINK || m->nlmsg_type == RTM_DELLINK)
                names.insert(name_in(m));
    }
}

}  // namespace cni::test
