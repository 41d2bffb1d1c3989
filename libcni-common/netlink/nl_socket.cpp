#include "netlink/nl_socket.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <map>

namespace cni {
namespace {

// netlink_dump() (net/netlink/af_netlink.c) fills datagrams up to the largest buffer that was read
// with, 32 KiB at most. libnl would ask for the size first, with one more system call for each.
constexpr std::size_t receive_size = 32768;

// Both what is sent and the answers to it have to fit the socket's buffers.
constexpr std::size_t requests_at_once = 32;

// A datagram of this size fits into the send buffer that sockets have by default.
constexpr std::size_t usual_room = 64 << 10;

// The kernel has them negative.
int errno_of(int code) {
    return code == std::numeric_limits<int>::min() ? EPROTO : -code;
}

std::string extack_text(const nlmsghdr* message) {
    if (!(message->nlmsg_flags & NLM_F_ACK_TLVS)) return {};
    const auto* error = static_cast<const nlmsgerr*>(nlmsg_data(message));
    std::size_t offset = sizeof(nlmsgerr);
    // The request's payload is echoed unless NETLINK_CAP_ACK capped it.
    if (!(message->nlmsg_flags & NLM_F_CAPPED)) offset += error->msg.nlmsg_len - sizeof(nlmsghdr);
    if (message->nlmsg_len < NLMSG_HDRLEN + offset) return {};
    const NlAttributes<NLMSGERR_ATTR_MAX> attributes(message, offset);
    return std::string(attributes.string(NLMSGERR_ATTR_MSG));
}

// What the kernel adds to a datagram when it compares it with the size of the send buffer.
constexpr std::size_t send_overhead = 32;

// How large a datagram may be, once the send buffer is as large as `wanted` needs and this process
// may have it: without privileges outside its own namespaces, that is twice net.core.wmem_max.
std::size_t make_room(int fd, std::size_t wanted) {
    const int size = static_cast<int>(
        std::min<std::size_t>(wanted + send_overhead, std::numeric_limits<int>::max() / 2));
    if (::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
        ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    int granted = 0;
    socklen_t length = sizeof granted;
    checked(::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &granted, &length), "ask for a buffer's size");
    return static_cast<std::size_t>(granted) - send_overhead;
}

// The kernel chooses the address: without one a socket hears no events.
void bind_to_any(int fd) {
    sockaddr_nl any{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
    checked(::bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof any), "bind a netlink socket");
}

// Old kernels may lack the options of netlink: the kernel's own words for an error (4.12), no copy
// of the request in each answer (4.3), lists of what was asked for and no more (4.20).
void refine(int fd) {
    // Whatever net.core.rmem_default says, answers to what is sent at once have room.
    const int room = static_cast<int>(receive_size), on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    for (const int option : {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK})
        ::setsockopt(fd, SOL_NETLINK, option, &on, sizeof on);
}

ssize_t send_once(int fd, std::span<const std::uint8_t> datagram) {
    sockaddr_nl kernel{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
    iovec piece{const_cast<std::uint8_t*>(datagram.data()), datagram.size()};
    msghdr message{};
    message.msg_name = &kernel;
    message.msg_namelen = sizeof kernel;
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    ssize_t sent;
    do sent = ::sendmsg(fd, &message, 0);
    while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t send_all(int fd, std::span<const std::uint8_t> datagram) {
    const ssize_t sent = send_once(fd, datagram);
    if (sent >= 0 || errno != EMSGSIZE) return sent;
    make_room(fd, datagram.size());
    return send_once(fd, datagram);
}

std::size_t size_of(const NlRequest& request) {
    return NLMSG_ALIGN(request.message.raw()->nlmsg_len);
}

std::size_t total_size(std::span<const NlRequest> requests) {
    std::size_t total = 0;
    for (const NlRequest& r : requests) total += size_of(r);
    return total;
}

}  // namespace

struct NlSocket::Answers {
    struct Answer {
        int error = 0;
        std::string text;
    };
    std::string_view act;  // of the conversation's first request
    Visitor visit;
    std::map<std::uint32_t, Answer> errors;
    std::size_t acknowledged = 0;
    // Its sequence number: what answers an earlier request, which was given up, is passed over.
    std::uint32_t first = 0;
    std::uint32_t last = 0;   // sequence number whose answer ends the conversation
    std::size_t awaited = 0;  // acknowledgements that end it; 0: `last` does
    bool done = false;
    bool interrupted = false;
    // Answers that the receive buffer had no room for do not matter: only the first one does.
    bool first_suffices = false;

    explicit Answers(const NlRequest& request)
        : act(request.act), first(request.message.raw()->nlmsg_seq) {}

    /// 0, or the errno when the request tolerates it; throws any other.
    int result_of(const NlRequest& request) const {
        const auto found = errors.find(request.message.raw()->nlmsg_seq);
        if (found == errors.end()) return 0;
        const int error = found->second.error;
        const auto& further = request.also_tolerated;
        if (error != request.tolerated &&
            std::find(further.begin(), further.end(), error) == further.end())
            throw NlError(request.act, error, found->second.text);
        return error;
    }

    void take(nlmsghdr* message) {
        if (message->nlmsg_seq < first) return;
        if (message->nlmsg_flags & NLM_F_DUMP_INTR) interrupted = true;
        if (message->nlmsg_type == NLMSG_DONE)
            take_end(message);
        else if (message->nlmsg_type == NLMSG_ERROR)
            take_acknowledgement(message);
        else if (message->nlmsg_type >= NLMSG_MIN_TYPE && visit)
            visit(message);
    }

    void take_end(nlmsghdr* message) {
        // A dump that fails half-way says so here.
        const int* rc = nlmsg_datalen(message) >= static_cast<int>(sizeof(int))
                            ? static_cast<const int*>(nlmsg_data(message))
                            : nullptr;
        if (rc && *rc < 0) errors[message->nlmsg_seq] = {errno_of(*rc), {}};
        done = true;
    }

    void take_acknowledgement(nlmsghdr* message) {
        const auto* error = static_cast<const nlmsgerr*>(nlmsg_data(message));
        if (nlmsg_datalen(message) < static_cast<int>(sizeof *error)) return;
        ++acknowledged;
        if (error->error < 0)
            errors[message->nlmsg_seq] = {errno_of(error->error), extack_text(message)};
        if (awaited ? acknowledged >= awaited : message->nlmsg_seq == last) done = true;
    }
};

NlSocket::NlSocket(int protocol, Use use)
    : socket_(checked(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol),
                      "open a netlink socket")) {
    if (use == Use::lookups) return;
    bind_to_any(fd());
    refine(fd());
}

std::vector<std::uint8_t> NlSocket::frame(std::span<const NlRequest> requests,
                                          Acknowledge acknowledge) {
    // One piece: sendmsg(2) takes 1024 of them at most.
    std::vector<std::uint8_t> datagram;
    datagram.reserve(total_size(requests));
    for (const NlRequest& r : requests) {
        nlmsghdr* header = r.message.raw();
        header->nlmsg_seq = ++sequence_;
        if (acknowledge == Acknowledge::each) header->nlmsg_flags |= NLM_F_ACK;
        const auto bytes = r.message.bytes();
        datagram.insert(datagram.end(), bytes.begin(), bytes.end());
        datagram.resize(NLMSG_ALIGN(datagram.size()));
    }
    return datagram;
}

void NlSocket::send(std::span<const NlRequest> requests, Acknowledge acknowledge) {
    checked(send_all(fd(), frame(requests, acknowledge)), requests.front().act);
}

std::vector<std::uint8_t> NlSocket::prepare(const NlRequest& request) {
    return frame({&request, 1}, Acknowledge::none);
}

// Reads one datagram and files what is in it. False when there is none (MSG_DONTWAIT).
bool NlSocket::receive(Answers& answers, int flags) {
    alignas(nlmsghdr) static char buffer[receive_size];
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof sender;
    ssize_t size;
    do
        size = ::recvfrom(fd(), buffer, sizeof buffer, MSG_TRUNC | flags,
                          reinterpret_cast<sockaddr*>(&sender), &sender_size);
    while (size < 0 && errno == EINTR);
    if (size < 0 && errno == EAGAIN) return false;
    if (size < 0 && errno == ENOBUFS && answers.first_suffices) return true;
    checked(size, answers.act, ": receive the answer");
    // Whoever may configure the network of a container may send to sockets that are open in there.
    if (sender.nl_pid != 0) return true;
    if (size > static_cast<ssize_t>(sizeof buffer))
        throw Error(Code::internal,
                    cat(answers.act, ": an answer of ", size, " bytes is too large"));

    auto* message = reinterpret_cast<nlmsghdr*>(buffer);
    for (int left = static_cast<int>(size); nlmsg_ok(message, left);
         message = nlmsg_next(message, &left))
        answers.take(message);
    return true;
}

void NlSocket::transact(std::span<const NlRequest> requests, const Visitor& visit) {
    for (std::span<const NlRequest> rest = requests; !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), requests_at_once));
        rest = rest.subspan(some.size());
        send(some, Acknowledge::each);
        Answers answers(some.front());
        answers.visit = visit;
        answers.awaited = some.size();
        while (!answers.done) receive(answers);
        for (const NlRequest& r : some) answers.result_of(r);
    }
}

void NlSocket::request(const NlRequest& request, const Visitor& visit) {
    transact({&request, 1}, visit);
}

bool NlSocket::dump_once(std::span<const NlRequest> requests, const Visitor& visit) {
    requests.back().message.raw()->nlmsg_flags |= NLM_F_DUMP;
    send(requests, Acknowledge::none);
    Answers answers(requests.front());
    answers.visit = visit;
    answers.last = sequence_;
    while (!answers.done) receive(answers);
    if (answers.interrupted) return false;
    for (const NlRequest& r : requests) answers.result_of(r);
    return true;
}

bool NlSocket::dump_once(const NlRequest& request, const Visitor& visit) {
    return dump_once({&request, 1}, visit);
}

void NlSocket::dump(const std::function<NlMessage()>& make, const std::string& act,
                    const Visitor& visit, const std::function<void()>& restart) {
    for (int left = listings; !dump_once({make(), act}, visit) && --left > 0;) restart();
}

namespace {

NlRequest batch_mark(int type, int subsystem, const std::string& act) {
    NlMessage message(type, 0);
    message.header(nfgenmsg{.nfgen_family = AF_UNSPEC,
                            .version = NFNETLINK_V0,
                            .res_id = htons(static_cast<std::uint16_t>(subsystem))});
    return {std::move(message), act};
}

}  // namespace

int NlSocket::commit_batch(std::vector<NlRequest> requests, int subsystem,
                           std::optional<std::uint32_t> generation) {
    const std::size_t total = total_size(requests);
    constexpr std::size_t marks = 64;  // of the beginning and of the end
    const std::size_t room =
        (total <= usual_room ? usual_room : make_room(fd(), total + marks)) - marks;
    for (std::span<NlRequest> rest = requests; !rest.empty();) {
        std::size_t count = 0;
        for (std::size_t size = 0; count < rest.size(); ++count) {
            size += size_of(rest[count]);
            if (count > 0 && size > room) break;
        }
        if (const int error = commit_part(rest.first(count), subsystem, generation)) return error;
        rest = rest.subspan(count);
        // 0 is no generation.
        if (generation && ++*generation == 0) ++*generation;
    }
    return 0;
}

int NlSocket::commit_part(std::span<NlRequest> part, int subsystem,
                          std::optional<std::uint32_t> generation) {
    const std::string act = part.front().act;
    part.back().message.raw()->nlmsg_flags |= NLM_F_ACK;
    std::vector<NlRequest> requests;
    requests.reserve(part.size() + 2);
    requests.push_back(batch_mark(NFNL_MSG_BATCH_BEGIN, subsystem, act));
    if (generation) {
        requests.front().message.put_be32(NFNL_BATCH_GENID, *generation);
        requests.front().tolerated = ERESTART;
    }
    std::move(part.begin(), part.end(), std::back_inserter(requests));
    requests.push_back(batch_mark(NFNL_MSG_BATCH_END, subsystem, act));
    return exchange_batch(requests);
}

void NlSocket::rehearse_batch(std::vector<NlRequest> requests, int subsystem) {
    if (requests.empty()) return;
    requests.back().message.raw()->nlmsg_flags |= NLM_F_ACK;
    // Without the mark of its end the kernel checks a batch and forgets it.
    requests.insert(requests.begin(),
                    batch_mark(NFNL_MSG_BATCH_BEGIN, subsystem, requests.front().act));
    for (NlRequest& r : requests) r.tolerated = 0;
    exchange_batch(requests);
}

int NlSocket::exchange_batch(const std::vector<NlRequest>& requests) {
    send(requests, Acknowledge::none);
    // The kernel has dealt with all of it by now: whatever it has to say is in the queue.
    Answers answers(requests.front());
    answers.last = sequence_;
    answers.first_suffices = true;
    while (receive(answers, MSG_DONTWAIT)) {
    }
    for (const NlRequest& r : requests)
        if (const int error = answers.result_of(r)) return error;
    if (answers.acknowledged == 0)
        throw NlError(requests.front().act, EPROTO, "the kernel did not answer");
    return 0;
}

}  // namespace cni
