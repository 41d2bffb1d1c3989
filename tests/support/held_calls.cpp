#include "support/held_calls.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/error.h"

namespace cni::test {
namespace {

std::vector<sock_filter> holding(const std::vector<long>& system_calls) {
    std::vector<sock_filter> filter = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
    for (const long number : system_calls) {
        filter.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1));
        filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    return filter;
}

/// A message of one byte that bears a descriptor.
struct Parcel {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{.msg_name = nullptr,
                   .msg_namelen = 0,
                   .msg_iov = &data,
                   .msg_iovlen = 1,
                   .msg_control = control,
                   .msg_controllen = sizeof control,
                   .msg_flags = 0};
};

bool send_fd(int socket, int fd) {
    Parcel parcel;
    cmsghdr* const header = CMSG_FIRSTHDR(&parcel.message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return ::sendmsg(socket, &parcel.message, 0) == 1;
}

Fd receive_fd(int socket) {
    Parcel parcel;
    if (::recvmsg(socket, &parcel.message, MSG_CMSG_CLOEXEC) != 1) return {};
    const cmsghdr* const header = CMSG_FIRSTHDR(&parcel.message);
    if (!header || header->cmsg_type != SCM_RIGHTS) return {};
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return Fd(fd);
}

bool is_readable(int fd, std::chrono::milliseconds longest) {
    pollfd sign{fd, POLLIN, 0};
    int rc = 0;
    while ((rc = ::poll(&sign, 1, static_cast<int>(longest.count()))) < 0 && errno == EINTR) {
    }
    return rc > 0 && (sign.revents & POLLIN);
}

}  // namespace

HeldCalls::HeldCalls(std::initializer_list<long> system_calls) : system_calls_(system_calls) {
    int ends[2];
    checked(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "make sockets");
    here_ = Fd(ends[0]);
    there_ = Fd(ends[1]);
}

std::function<void()> HeldCalls::prepare() const {
    return [filter = holding(system_calls_), socket = there_.get()] {
        const sock_fprog program{static_cast<unsigned short>(filter.size()),
                                 const_cast<sock_filter*>(filter.data())};
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        const long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                        SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
        if (listener < 0 || !send_fd(socket, static_cast<int>(listener))) ::_exit(126);
        ::close(static_cast<int>(listener));
    };
}

std::optional<HeldCalls::Caller> HeldCalls::next(std::chrono::milliseconds longest) {
    if (!listener_ && is_readable(here_.get(), longest)) listener_ = receive_fd(here_.get());
    if (!listener_ || !is_readable(listener_.get(), longest)) return {};
    seccomp_notif call{};
    if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) return {};
    return Caller{static_cast<pid_t>(call.pid), call.data.nr, call.id};
}

void HeldCalls::let_go(const Caller& caller) const {
    seccomp_notif_resp answer{};
    answer.id = caller.id;
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    checked(::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer), "let a call go");
}

}  // namespace cni::test
