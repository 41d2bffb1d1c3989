#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "loop.h"
#include "netlink/link.h"
#include "record.h"

namespace cni::dhcp {

/// Hears of interfaces and namespaces that go away, wherever they are, by one socket: the kernel
/// tells whoever has a number for a namespace, and none is kept alive by that. What is told is a
/// hint: whether the interface is gone, is to be looked at.
class LinkWatch {
public:
    /// `gone` is called with whose interface may be gone. Where the kernel does not let us listen,
    /// that is said in the log, and nothing is ever heard.
    LinkWatch(Loop& loop, std::function<void(const Holder&)> gone);
    LinkWatch(const LinkWatch&) = delete;
    LinkWatch& operator=(const LinkWatch&) = delete;

    void add(const Holder& holder, const Netns& netns, int ifindex);
    void remove(const Holder& holder);

private:
    /// Number of the namespace as this one has it, and of the interface in there.
    using Key = std::pair<int, int>;

    void listen();
    void hear();
    void tell(int nsid, std::optional<int> ifindex);
    void doubt_all();
    void tell_some();

    Loop& loop_;
    const std::function<void(const Holder&)> gone_;
    Rtnl rtnl_;  ///< to ask for numbers
    std::optional<NlSocket> socket_;
    std::optional<Watch> watch_;
    std::multimap<Key, Holder> holders_;
    std::map<Holder, Key> keys_;

    // Of what was missed, as more has happened than the socket holds.
    Timer pause_;
    Time looked_ = {};             ///< when all were doubted last
    bool has_missed_ = false;      ///< something since then
    std::vector<Holder> doubted_;  ///< to be told of yet
};

}  // namespace cni::dhcp
