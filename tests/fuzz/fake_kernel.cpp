#include "fake_kernel.h"

#include <linux/netlink.h>
#include <sanitizer/asan_interface.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

namespace cni::fuzz {
namespace {

struct FakeKernel {
    const std::uint8_t* next = nullptr;
    std::size_t left = 0;
    std::vector<std::uint32_t> asked;  // sequence numbers of what was sent last
    bool acknowledged = false;

    void take(const msghdr& sent) {
        asked.clear();
        acknowledged = false;
        const auto* bytes = static_cast<const char*>(sent.msg_iov->iov_base);
        for (std::size_t at = 0; at < sent.msg_iov->iov_len;) {
            nlmsghdr head;
            std::memcpy(&head, bytes + at, sizeof head);
            asked.push_back(head.nlmsg_seq);
            at += NLMSG_ALIGN(std::size_t{head.nlmsg_len});
        }
    }

    std::size_t answer(char* buffer, std::size_t room) {
        if (left < 2) return acknowledge(buffer);
        const std::size_t claimed = next[0] | std::size_t{next[1]} << 8;
        const std::size_t size = std::min({claimed, left - 2, room});
        std::memcpy(buffer, next + 2, size);
        next += 2 + size;
        left -= 2 + size;
        address(buffer, size);
        return size;
    }

    void address(char* buffer, std::size_t size) const {
        for (std::size_t at = 0; at + sizeof(nlmsghdr) <= size;) {
            nlmsghdr head;
            std::memcpy(&head, buffer + at, sizeof head);
            head.nlmsg_seq = asked[head.nlmsg_seq % asked.size()];
            std::memcpy(buffer + at, &head, sizeof head);
            if (head.nlmsg_len < sizeof head || head.nlmsg_len > size - at) return;
            at += NLMSG_ALIGN(std::size_t{head.nlmsg_len});
        }
    }

    std::size_t acknowledge(char* buffer) {
        std::size_t at = 0;
        for (const std::uint32_t sequence : asked) {
            struct {
                nlmsghdr head{.nlmsg_len = sizeof(nlmsghdr) + sizeof(nlmsgerr),
                              .nlmsg_type = NLMSG_ERROR,
                              .nlmsg_flags = 0,
                              .nlmsg_seq = 0,
                              .nlmsg_pid = 0};
                nlmsgerr error{};
            } message;
            message.head.nlmsg_seq = sequence;
            std::memcpy(buffer + at, &message, sizeof message);
            at += sizeof message;
        }
        acknowledged = true;
        return at;
    }
} kernel;

}  // namespace

void answer_netlink_with(const std::uint8_t* bytes, std::size_t size) {
    kernel.next = bytes;
    kernel.left = size;
}

}  // namespace cni::fuzz

// The linker puts these in place of the system calls (--wrap).
extern "C" {

ssize_t __wrap_sendmsg(int, const msghdr* message, int) {
    cni::fuzz::kernel.take(*message);
    return 1;
}

// What lies behind the answer in the buffer is left from earlier ones: nobody may look at it.
ssize_t __wrap_recvfrom(int, void* buffer, std::size_t room, int flags, sockaddr*, socklen_t*) {
    auto& kernel = cni::fuzz::kernel;
    if (kernel.acknowledged && (flags & MSG_DONTWAIT)) {
        errno = EAGAIN;
        return -1;
    }
    char* const bytes = static_cast<char*>(buffer);
    ASAN_UNPOISON_MEMORY_REGION(bytes, room);
    const std::size_t size = kernel.answer(bytes, room);
    ASAN_POISON_MEMORY_REGION(bytes + size, room - size);
    return static_cast<ssize_t>(size);
}
}
