#include "support/sandbox.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "support/process.h"

namespace cni::test {
namespace {

void write_file(const char* path, const std::string& text) {
    const Fd file = open_at(AT_FDCWD, path, O_WRONLY, 0, path);
    write_all(file.get(), text, path);
}

void map_to_root(uid_t uid, gid_t gid) {
    // Without "deny" an unprivileged process may not write gid_map.
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", cat("0 ", uid, " 1"));
    write_file("/proc/self/gid_map", cat("0 ", gid, " 1"));
}

void mount_empty(const char* path) {
    check(::mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"), "mount on ", path);
}

// /var/lib/cni need not exist on the machine, and may not be made there.
void mount_var_lib_cni() {
    struct stat status {};
    if (::stat("/var/lib/cni", &status) < 0) {
        mount_empty("/var/lib");
        check(::mkdir("/var/lib/cni", 0755), "make /var/lib/cni");
    }
    mount_empty("/var/lib/cni");
}

void set_loopback_up() {
    const Fd socket(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket"));
    ifreq request{};
    request.ifr_name[0] = 'l';
    request.ifr_name[1] = 'o';
    request.ifr_flags = IFF_UP;
    check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "set lo up");
}

std::optional<std::string> enter_user_namespace() {
    static bool entered = false;
    if (entered) return {};
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (::unshare(CLONE_NEWUSER) < 0) {
        const int error = errno;
        if (error == EPERM || error == ENOSPC || error == ENOSYS || error == EACCES)
            return cat("no user namespace: ", errno_text(error));
        throw SysError("make a user namespace", error);
    }
    map_to_root(uid, gid);
    entered = true;
    return {};
}

}  // namespace

std::optional<std::string> enter_sandbox() {
    if (auto reason = enter_user_namespace()) return reason;
    check(::unshare(CLONE_NEWNET | CLONE_NEWNS), "make network and mount namespaces");
    check(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make mounts private");
    mount_empty("/run");
    check(::mkdir("/run/netns", 0755), "make /run/netns");
    mount_var_lib_cni();
    set_loopback_up();
    return {};
}

void SandboxTest::SetUp() {
    if (const auto reason = enter_sandbox()) GTEST_SKIP() << *reason;
}

void skip_without_vlan_filtering() {
    const Finished probe =
        run({.argv = {"ip", "link", "add", "probe", "type", "bridge", "vlan_filtering", "1"}});
    if (!probe.ok()) GTEST_SKIP() << "kernel has no VLAN filtering on bridges: " << probe.err;
    output_of({"ip", "link", "delete", "probe"});
}

void VmTest::SetUp() {
    SandboxTest::SetUp();
    if (!IsSkipped()) skip_without_vlan_filtering();
}

}  // namespace cni::test
