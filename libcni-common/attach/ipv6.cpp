#include "attach/ipv6.h"

#include "sys/sysctl.h"

namespace cni {
namespace {

constexpr std::uint32_t min_mtu = 1280;  // RFC 8200, section 5: below it the kernel has no IPv6

bool kernel_has_ipv6() {
    return find_sysctl("net/ipv6/conf/all/disable_ipv6").has_value();
}

constexpr std::string_view without_kernel =
    "boot it without ipv6.disable=1, or have the IPAM plugin hand out no IPv6 addresses";

struct Reason {
    std::string why, what_to_do;
};
std::optional<Reason> reason_against_ipv6(const Link& link) {
    if (!kernel_has_ipv6())
        return Reason{"IPv6 is disabled in the kernel", std::string(without_kernel)};
    if (link.mtu < min_mtu)
        return Reason{cat("its MTU of ", link.mtu, " bytes is below ", min_mtu,
                          ", the least that IPv6 needs"),
                      "have a larger \"mtu\", or no IPv6 addresses"};
    const std::string key = cat("net/ipv6/conf/", link.name, "/disable_ipv6");
    if (find_sysctl(key).value_or("0") != "0")
        return Reason{"IPv6 is disabled on it",
                      cat(key, " is not 0: set it to 0, or have no IPv6 addresses")};
    return {};
}

}  // namespace

void require_ipv6_in_kernel() {
    if (!kernel_has_ipv6())
        throw Error(Code::internal, "IPv6 is disabled in the kernel", std::string(without_kernel));
}

void require_ipv6(const Link& link, const Prefix& address) {
    if (const auto reason = reason_against_ipv6(link))
        throw Error(Code::internal,
                    cat("failed to add IP addr ", address.to_string(), " to ", quote(link.name),
                        ": ", reason->why),
                    reason->what_to_do);
}

void require_ipv6(const Link& link) {
    if (const auto reason = reason_against_ipv6(link))
        throw Error(Code::internal,
                    cat("interface ", link.name, " can have no IPv6 addresses: ", reason->why),
                    reason->what_to_do);
}

void give_addresses(Rtnl& rtnl, const Link& link, const std::vector<Prefix>& addresses,
                    std::vector<NlRequest> requests) {
    try {
        rtnl.transact(requests);
    } catch (const NlError&) {
        for (const Prefix& address : addresses)
            if (!address.ip.is_v4()) require_ipv6(link, address);
        throw;
    }
}

}  // namespace cni
