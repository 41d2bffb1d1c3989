#include "privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <iterator>

#include "base/contains.h"
#include "base/error.h"
#include "log.h"

namespace cni::dhcp {
namespace {

// Entering namespaces (SYS_ADMIN); finding them by paths that belong to others, or by processes of
// others (DAC_READ_SEARCH, SYS_PTRACE); addresses and links (NET_ADMIN); packet sockets (NET_RAW);
// port 68 (NET_BIND_SERVICE); files of state where a user namespace maps no other owner
// (DAC_OVERRIDE).
constexpr int needed[] = {CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE,      CAP_NET_ADMIN,
                          CAP_NET_RAW,   CAP_DAC_OVERRIDE,    CAP_NET_BIND_SERVICE};

// As far as the kernel knows them: CAP_LAST_CAP is of the headers.
void drop_from_bounding_set() {
    for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
        if (!contains(needed, capability)) ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

void drop_capabilities() {
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = {};
    checked(::syscall(SYS_capget, &header, held), "ask which capabilities there are");
    std::uint32_t kept[_LINUX_CAPABILITY_U32S_3] = {};
    for (const int capability : needed) kept[capability / 32] |= 1u << (capability % 32);
    for (std::size_t i = 0; i < std::size(held); ++i) {
        held[i].effective = held[i].permitted = held[i].permitted & kept[i];
        held[i].inheritable = 0;
    }
    checked(::syscall(SYS_capset, &header, held), "give up capabilities");
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void drop_privileges() {
    raise_descriptor_limit();
    try {
        drop_from_bounding_set();
        drop_capabilities();
        checked(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "give up privileges of programs");
    } catch (const Error& error) {
        log({}, error.what());
    }
}

}  // namespace cni::dhcp
