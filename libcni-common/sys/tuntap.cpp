#include "sys/tuntap.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <cerrno>

#include "base/error.h"

namespace cni {
namespace {

constexpr const char* device = "/dev/net/tun";

std::string_view advice(int error) {
    switch (error) {
        case ENOENT:
        case ENODEV:
        case ENXIO:
            return "the kernel needs the module tun: modprobe tun";
        case EACCES:
        case EPERM:
            return "the plugin needs to read and write it";
        default:
            return "";
    }
}

void set_id(int tun, unsigned long request, std::uint32_t id, const std::string& act) {
    if (::ioctl(tun, request, id) == 0) return;
    const int error = errno;
    throw SysError(act, error, error == EINVAL ? "the plugin's user namespace has no such id" : "");
}

// The kernel makes a number of "%d" in a name.
void require_name(int tun, const std::string& name) {
    ifreq made{};
    checked(::ioctl(tun, TUNGETIFF, &made), "ask for the tap ", name);
    if (name != made.ifr_name)
        throw SysError(
            cat("failed to create tap: it is called ", made.ifr_name, " instead of ", name),
            EINVAL);
}

}  // namespace

Fd open_tun() {
    Fd tun(::open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (tun) return tun;
    const int error = errno;
    throw SysError(cat("failed to create tap: open ", device), error, std::string(advice(error)));
}

int attach_tap(int tun, const NewTap& tap) {
    ifreq request{};
    if (tap.name.size() >= sizeof request.ifr_name) return EINVAL;
    tap.name.copy(request.ifr_name, tap.name.size());
    // Without IFF_TUN_EXCL it would attach to one that is there.
    unsigned flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL;
    if (tap.multi_queue) flags |= IFF_MULTI_QUEUE;
    if (tap.has_virtio_header) flags |= IFF_VNET_HDR;
    request.ifr_flags = static_cast<short>(flags);
    if (::ioctl(tun, TUNSETIFF, &request) == 0) return 0;
    return errno == EBUSY ? EEXIST : errno;
}

void keep_tap(int tun, const NewTap& tap) {
    require_name(tun, tap.name);
    if (tap.owner)
        set_id(tun, TUNSETOWNER, *tap.owner,
               cat("set the owner of ", tap.name, " to ", *tap.owner));
    if (tap.group)
        set_id(tun, TUNSETGROUP, *tap.group,
               cat("set the group of ", tap.name, " to ", *tap.group));
    checked(::ioctl(tun, TUNSETPERSIST, 1), "keep the tap ", tap.name);
}

}  // namespace cni
