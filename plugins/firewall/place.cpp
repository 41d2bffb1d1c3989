#include "place.h"

#include "base/passing.h"
#include "base/warn.h"

namespace cni::firewall {
namespace {

/// A bus that is in trouble is no reason to do without containers, where nobody asked for it.
std::optional<firewalld::Service> find_firewalld() {
    try {
        return firewalld::Service::find();
    } catch (const SysError& error) {
        if (is_passing(error.error)) throw;
        warn(error.what());
    } catch (const Error& error) {
        warn(error.what());
    }
    return {};
}

}  // namespace

Place choose_place(nft::Connection& nft, const std::optional<std::string>& configured) {
    if (configured && configured != "firewalld") return {choose_backend(nft, configured)};
    auto firewalld = configured ? firewalld::Service::find() : find_firewalld();
    if (configured && !firewalld)
        throw Error(Code::try_again_later, "backend \"firewalld\": it does not run",
                    "nobody on the bus of the system has the name org.fedoraproject.FirewallD1");
    return {choose_backend(nft, {}), std::move(firewalld)};
}

void require_place(const Place& place, const Admission& admission) {
    if (place.rules != Backend::nftables && !admission.empty())
        throw Error(
            Code::invalid_config,
            cat(quote(admission.key()), " needs the backend \"nftables\", and this host uses ",
                to_string(place.rules)),
            "\"backend\": \"nftables\" chooses it; then the host's own rules must let "
            "containers through");
}

bool needs_rules(const Place& place, const Passage& passage) {
    return !place.firewalld || passage.policy != Policy::open || !passage.admission.empty();
}

}  // namespace cni::firewall
