#include "attach/rehearse.h"

#include <sched.h>

namespace cni {

void rehearse(const std::function<void(Rtnl& scratch)>& body) {
    try {
        checked(::unshare(CLONE_NEWNET), "make a network namespace to try the configuration in");
        Rtnl scratch;
        body(scratch);
    } catch (const SysError& error) {
        throw Error(Code::plugin_not_available,
                    cat("the kernel lacks what the configuration needs: ", error.msg),
                    error.details);
    }
}

// On one of the one kind that every kernel has which plugins run on.
void rehearse_on_parent(NewLink link) {
    const Veth pair{.peer = {.name = "parent1", .mtu = link.mtu}};
    link.name = "eth0";
    rehearse([&](Rtnl& scratch) {
        link.parent = scratch.make_link({.name = "parent0", .mtu = link.mtu, .kind = pair}).index;
        scratch.make_link(link);
    });
}

void require_none(const std::optional<std::string>& problem) {
    if (problem) throw Error(Code::plugin_not_available, *problem);
}

}  // namespace cni
