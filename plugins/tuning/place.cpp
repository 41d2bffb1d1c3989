#include "place.h"

#include <sys/stat.h>

#include "sys/machine.h"

namespace cni::tuning {
namespace {

bool agree(const auto& one, const auto& other) {
    using Value = std::decay_t<decltype(one)>;
    return one == Value() || other == Value() || one == other;
}

}  // namespace

bool Place::is_in(const Place& other) const {
    return agree(boot_id, other.boot_id) && agree(netns_cookie, other.netns_cookie) &&
           agree(netns_inode, other.netns_inode);
}

Place place_of(const Container& container, int ifindex) {
    struct stat status {};
    cni::checked(::fstat(container.netns.fd(), &status), "stat ", container.netns.path());
    return {.boot_id = boot_id(),
            .netns_cookie = netns_cookie(container.rtnl.fd()),
            .netns_inode = status.st_ino,
            .ifindex = ifindex};
}

}  // namespace cni::tuning
