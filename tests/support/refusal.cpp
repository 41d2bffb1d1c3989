#include "support/refusal.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <thread>
#include <vector>

#include "base/error.h"

namespace cni::test {
namespace {

using Filter = std::vector<sock_filter>;

sock_filter load(std::size_t offset) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter end_with(std::uint32_t action) {
    return BPF_STMT(BPF_RET | BPF_K, action);
}
/// Skips the next `otherwise` instructions when the test fails.
sock_filter test(std::uint16_t comparison, std::uint32_t value, std::uint8_t otherwise) {
    return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | comparison | BPF_K), value, 0, otherwise);
}

Filter refusing(std::uint32_t system_call) {
    return {load(offsetof(seccomp_data, nr)), test(BPF_JEQ, system_call, 1),
            end_with(SECCOMP_RET_ERRNO | EPERM), end_with(SECCOMP_RET_ALLOW)};
}

Filter filter_of(Missing missing) {
    if (missing == Missing::hard_links) return refusing(SYS_linkat);
    if (missing == Missing::entering_namespaces) return refusing(SYS_setns);
    const sock_filter number = load(offsetof(seccomp_data, nr));
    const sock_filter allow = end_with(SECCOMP_RET_ALLOW);
    // The other bit of O_TMPFILE is O_DIRECTORY.
    constexpr std::uint32_t unnamed = O_TMPFILE & ~O_DIRECTORY;
    // The low half of the flags, on a little-endian machine.
    const sock_filter flags = load(offsetof(seccomp_data, args[2]));
    return {number,
            test(BPF_JEQ, SYS_openat, 3),
            flags,
            test(BPF_JSET, unnamed, 1),
            end_with(SECCOMP_RET_ERRNO | EOPNOTSUPP),
            allow};
}

void install(Filter filter) {
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    checked(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "install a filter");
}

}  // namespace

void without(std::initializer_list<Missing> missing, const std::function<void()>& body) {
    std::thread([&] {
        checked(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "renounce privileges");
        for (const Missing each : missing) install(filter_of(each));
        body();
    }).join();
}

std::function<void()> refusing(long system_call, int error) {
    const Filter filter = {load(offsetof(seccomp_data, nr)),
                           test(BPF_JEQ, static_cast<std::uint32_t>(system_call), 1),
                           end_with(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)),
                           end_with(SECCOMP_RET_ALLOW)};
    return [filter] {
        const sock_fprog program{static_cast<unsigned short>(filter.size()),
                                 const_cast<sock_filter*>(filter.data())};
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) ::_exit(126);
    };
}

}  // namespace cni::test
