#include "iptables/ip_set.h"

// Ahead of the kernel's headers, which define the same things unless it came first.
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"

namespace cni::ipt {
namespace {

// What kernels of any age understand.
constexpr unsigned protocol_version = 6;

Error unusable(const std::string& name, std::string_view why, std::string details = {}) {
    return Error(Code::invalid_config, cat("ipset ", quote(name), " ", why), std::move(details));
}

}  // namespace

std::uint16_t ip_set_number(const std::string& name, Family family) {
    ip_set_req_get_set_family request{};
    if (name.empty() || name.size() >= sizeof request.set.name)
        throw unusable(name, "has no possible name");
    request.op = IP_SET_OP_GET_FNAME;
    request.version = protocol_version;
    name.copy(request.set.name, sizeof request.set.name - 1);
    const Fd socket(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    checked(socket.get(), "open a socket to look for ipset ", name);
    socklen_t size = sizeof request;
    if (::getsockopt(socket.get(), SOL_IP, SO_IP_SET, &request, &size) < 0)
        throw unusable(name, cat("cannot be looked for: ", errno_text(errno)),
                       "the kernel has no sets; modprobe ip_set");
    if (request.set.index == IPSET_INVALID_ID)
        throw unusable(name, "does not exist", "make it with: ipset create");
    const unsigned wanted = family == Family::v4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
    if (request.family != wanted && request.family != NFPROTO_UNSPEC)
        throw unusable(name, "is of the other address family");
    return request.set.index;
}

}  // namespace cni::ipt
