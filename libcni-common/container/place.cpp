#include "container/place.h"

#include <sys/stat.h>

#include "sys/machine.h"

namespace cni {
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

void Place::put(JsonWriter& out) const {
    if (!is_known()) return;
    if (!boot_id.empty()) out.member("bootID", boot_id);
    if (netns_cookie != 0) out.member("netnsCookie", netns_cookie);
    out.member("netnsInode", netns_inode);
    if (ifindex != 0) out.member("ifindex", ifindex);
}

Place Place::parse(const Json& json) {
    const auto number = [&json](const char* key, std::int64_t max) {
        const auto v = json.find(key);
        return v ? v->as_int(0, max) : 0;
    };
    return {.boot_id = json.string_or("bootID", ""),
            .netns_cookie = static_cast<std::uint64_t>(number("netnsCookie", INT64_MAX)),
            .netns_inode = static_cast<std::uint64_t>(number("netnsInode", INT64_MAX)),
            .ifindex = static_cast<int>(number("ifindex", INT32_MAX))};
}

Place place_of(const Container& container, int ifindex) {
    struct stat status {};
    checked(::fstat(container.netns.fd(), &status), "stat ", container.netns.path());
    return {.boot_id = boot_id(),
            .netns_cookie = netns_cookie(container.rtnl.fd()),
            .netns_inode = status.st_ino,
            .ifindex = ifindex};
}

}  // namespace cni
