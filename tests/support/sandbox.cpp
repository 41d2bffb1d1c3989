#include "support/sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "support/guest.h"
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

void mount_empty(const char* path, const char* options = "mode=0755") {
    checked(::mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options), "mount on ", path);
}

// /var/lib/cni need not exist on the machine, and may not be made there.
void mount_var_lib_cni() {
    struct stat status {};
    if (::stat("/var/lib/cni", &status) < 0) {
        mount_empty("/var/lib");
        checked(::mkdir("/var/lib/cni", 0755), "make /var/lib/cni");
    }
    mount_empty("/var/lib/cni");
}

void set_loopback_up() {
    const Fd socket(checked(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket"));
    ifreq request{};
    request.ifr_name[0] = 'l';
    request.ifr_name[1] = 'o';
    request.ifr_flags = IFF_UP;
    checked(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "set lo up");
}

bool is_in_user_namespace = false;

// With the namespaces that `more` names, in the same step.
std::optional<std::string> enter_user_namespace(int more = 0) {
    if (is_in_user_namespace) return {};
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (::unshare(CLONE_NEWUSER | more) < 0) {
        const int error = errno;
        if (error == EPERM || error == ENOSPC || error == ENOSYS || error == EACCES)
            return cat("no user namespace: ", errno_text(error));
        throw SysError("make a user namespace", error);
    }
    map_to_root(uid, gid);
    is_in_user_namespace = true;
    return {};
}

void make_mounts_private() {
    checked(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make mounts private");
}

// So that plugins are sure of it: sys/reaper.h.
void inherit_orphans() {
    checked(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "inherit orphans");
}

void set_up_host() {
    inherit_orphans();
    make_mounts_private();
    mount_empty("/run");
    checked(::mkdir("/run/netns", 0755), "make /run/netns");
    mount_var_lib_cni();
    set_loopback_up();
}

// A checkout may lie in root's home. Nothing else is seen there any more.
void open_the_way_to(const std::string& folder) {
    const Fd target = open_at(AT_FDCWD, folder.c_str(), O_PATH | O_DIRECTORY, 0, folder);
    for (auto end = folder.find('/', 1); end != folder.npos; end = folder.find('/', end + 1)) {
        const std::string above = folder.substr(0, end);
        struct stat status {};
        checked(::stat(above.c_str(), &status), "stat ", above);
        if (status.st_mode & S_IXOTH) continue;
        mount_empty(above.c_str());
        std::filesystem::create_directories(folder);
        checked(::mount(cat("/proc/self/fd/", target.get()).c_str(), folder.c_str(), nullptr,
                        MS_BIND | MS_REC, nullptr),
                "bind ", folder);
        return;
    }
}

void become_nobody() {
    constexpr uid_t nobody = 65534;
    checked(::setgroups(0, nullptr), "leave all groups");
    checked(::setresgid(nobody, nobody, nobody), "become nobody's group");
    checked(::setresuid(nobody, nobody, nobody), "become nobody");
    // Else its files in /proc, such as uid_map, stay root's.
    checked(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "stay its own");
}

}  // namespace

std::optional<std::string> enter_sandbox() {
    if (auto reason = enter_user_namespace()) return reason;
    checked(::unshare(CLONE_NEWNET | CLONE_NEWNS), "make network and mount namespaces");
    set_up_host();
    return {};
}

std::optional<std::string> enter_rootless_sandbox(const std::vector<std::string>& folders) {
    if (is_in_user_namespace) return "another sandbox was made in this process";
    if (::geteuid() == 0) {
        if (::unshare(CLONE_NEWNS) < 0) return cat("no mount namespace: ", errno_text(errno));
        make_mounts_private();
        for (const std::string& folder : folders) open_the_way_to(folder);
        mount_empty("/mnt", "mode=0700");
        become_nobody();
    }
    if (auto reason = enter_user_namespace(CLONE_NEWNET | CLONE_NEWNS)) return reason;
    set_up_host();
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

void GuestTest::SetUp() {
    if (!is_guest()) GTEST_SKIP() << "not in the guest of tests/vm";
    mount_empty("/run");
    checked(::mkdir("/run/netns", 0755), "make /run/netns");
    mount_var_lib_cni();
}

void GuestTest::TearDown() {
    if (IsSkipped()) return;
    for (const char* path : {"/var/lib/cni", "/run"})
        checked(::umount2(path, MNT_DETACH), "unmount ", path);
}

void VmTest::SetUp() {
    SandboxTest::SetUp();
    if (!IsSkipped()) skip_without_vlan_filtering();
}

}  // namespace cni::test
