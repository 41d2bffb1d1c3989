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

// Of the one kind that every kernel has which plugins run on.
Link make_scratch_parent(Rtnl& scratch, std::uint32_t mtu) {
    return scratch.make_link(
        {.name = "parent0", .mtu = mtu, .kind = Veth{.peer = {.name = "parent1", .mtu = mtu}}});
}

void require_none(const std::optional<std::string>& problem) {
    if (problem) throw Error(Code::plugin_not_available, *problem);
}

}  // namespace cni
