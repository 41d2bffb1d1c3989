#include "names.h"

#include "base/hash.h"
#include "base/text.h"
#include "rules.h"

namespace cni::portmap::iptables {
namespace {

constexpr std::size_t chain_length = 28;

}  // namespace

std::string chain_name(std::string_view prefix, const std::string& hashed) {
    return cat(prefix, sha512_hex(hashed)).substr(0, chain_length);
}

std::string reference_chain(const Owner& owner) {
    return chain_name(chain_prefix, owner.network + owner.container_id);
}

std::string chain_of(const Owner& owner) {
    if (owner.ifname == "eth0") return reference_chain(owner);
    return chain_name(chain_prefix, cat(owner.network, owner.container_id, " ", owner.ifname));
}

std::array<std::string, 2> chains_of(const Owner& owner) {
    return {chain_of(owner), chain_name(chain_prefix, cat(owner.network, "/", owner.container_id,
                                                          "/", owner.ifname))};
}

}  // namespace cni::portmap::iptables
