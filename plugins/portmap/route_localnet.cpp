#include "route_localnet.h"

#include <net/if.h>

#include <algorithm>

#include "base/undo.h"
#include "base/warn.h"
#include "guard.h"
#include "guard_earlier.h"
#include "rules/everywhere.h"
#include "sys/sysctl.h"

namespace cni::portmap {
namespace {

std::string key_of(const std::string& ifname) {
    return cat("net/ipv4/conf/", ifname, "/route_localnet");
}

LinkName name_of(const HostSide& side) {
    return {side.link.index, side.link.name};
}

// Who may not ask has not been told that it is gone.
bool is_gone(const LinkName& link) {
    const unsigned index = ::if_nametoindex(link.name.c_str());
    return index == 0 ? errno == ENODEV : index != static_cast<unsigned>(link.index);
}

// Deleted with everything on it, by somebody who knows nothing of the guard.
void forget_links_that_are_gone(Guard& guard) {
    for (const LinkName& link : guard.links())
        if (is_gone(link)) guard.release(link);
}

void hold(Guard& guard, const Forwarding& forwarding, const std::optional<HostSide>& side) {
    if (side && !side->is_own) return guard.hold(name_of(*side));
    Holder holder{.hashes = owner_hashes(forwarding.owner), .text = owner_text(forwarding.owner)};
    if (side) holder.link = name_of(*side);
    guard.hold(holder);
}

/// What a kernel answers that lacks a table, a kind of chain or an expression.
bool means_lacking(int error) {
    return error == ENOENT || error == EOPNOTSUPP || error == ENOPROTOOPT ||
           error == EPROTONOSUPPORT || error == EAFNOSUPPORT;
}

/// Why the kernel cannot hold it in that place; nullopt: it does now.
std::optional<std::string> try_to_hold(nft::Connection& nft, Backend place,
                                       const Forwarding& forwarding,
                                       const std::optional<HostSide>& side) {
    try {
        const auto guard = guard_in(nft, place);
        hold(*guard, forwarding, side);
        forget_links_that_are_gone(*guard);
        return {};
    } catch (const SysError& error) {
        if (!means_lacking(error.error)) throw;
        return error.what();
    }
}

bool is_refused_for_good(int error) {
    return error == EROFS || error == EACCES || error == EPERM;
}

void disable_route_localnet(const LinkName& link) {
    if (is_gone(link)) return;
    try {
        set_sysctl_if_present(key_of(link.name), "0");
    } catch (const SysError& error) {
        if (!is_refused_for_good(error.error)) throw;
        warn(error.what());
    }
}

void release(Guard& guard, const Holder& holder) {
    if (holder.link) disable_route_localnet(*holder.link);
    guard.release(holder.hashes);
}

/// Wherever there is one, and rid of links that are gone.
void change_every_guard(nft::Connection& nft, const std::function<void(Guard&)>& body) {
    Failures failures;
    failures.attempt([&] { adopt_earlier_guard(nft); });
    failures.attempt([&] {
        for_each_backend([&](Backend place) {
            const auto guard = guard_in(nft, place);
            body(*guard);
            forget_links_that_are_gone(*guard);
        });
    });
    failures.throw_if_any();
}

bool is_held(Guard& guard, const Forwarding& forwarding, const std::optional<HostSide>& side) {
    if (side && !side->is_own) return std::ranges::count(guard.links(), name_of(*side)) > 0;
    const auto holder = guard.find(owner_hashes(forwarding.owner));
    // Without an interface now there may have been one when it was added.
    return holder ? !side || holder->link == name_of(*side) : !side && forwarding.snat;
}

std::optional<std::string> fault_of(Guard& guard, const Forwarding& forwarding,
                                    const std::optional<HostSide>& side) {
    if (auto fault = guard.fault()) return fault;
    if (is_held(guard, forwarding, side)) return {};
    return "what keeps it for the attachment";
}

void check_guard(nft::Connection& nft, Backend backend, const Forwarding& forwarding,
                 const std::optional<HostSide>& side) try {
    check_anywhere(backend, [&](Backend place) {
        if (const auto fault = fault_of(*guard_in(nft, place), forwarding, side))
            throw Error(
                Code::internal,
                cat("the guard of the host's 127.0.0.0/8: ", *fault, " is missing or differs"),
                "others reach what listens on 127.0.0.1 of the host");
    });
} catch (const Error&) {
    if (!side || !is_guarded_as_earlier(nft, side->link.name)) throw;
}

}  // namespace

bool guard_localnet(nft::Connection& nft, Backend backend, const Forwarding& forwarding,
                    const std::optional<HostSide>& side) {
    adopt_earlier_guard(nft);
    const auto why = try_to_hold(nft, backend, forwarding, side);
    if (!why) return true;
    if (backend != Backend::nftables && !try_to_hold(nft, Backend::nftables, forwarding, side))
        return true;
    warn(cat("the host's 127.0.0.0/8 cannot be guarded, so ports of 127.0.0.1 are not forwarded: ",
             *why));
    return false;
}

void enable_route_localnet(const HostSide& side) {
    ensure_sysctl(key_of(side.link.name), "1");
}

void release_localnet(nft::Connection& nft, const Owner& owner) {
    change_every_guard(nft, [&](Guard& guard) {
        if (const auto holder = guard.find(owner_hashes(owner))) release(guard, *holder);
    });
}

void gc_localnet(nft::Connection& nft, const std::string& network,
                 const std::vector<Owner>& valid) {
    const std::string of_network = network_hash(network);
    const auto is_stale = [&](const Holder& holder) {
        if (holder.link && is_gone(*holder.link)) return true;
        return holder.hashes.starts_with(of_network) &&
               std::ranges::none_of(
                   valid, [&](const Owner& owner) { return owner_hashes(owner) == holder.hashes; });
    };
    change_every_guard(nft, [&](Guard& guard) {
        for (const Holder& holder : guard.holders())
            if (is_stale(holder)) release(guard, holder);
    });
}

void check_localnet(nft::Connection& nft, Backend backend, const Forwarding& forwarding,
                    const std::optional<HostSide>& side) {
    check_guard(nft, backend, forwarding, side);
    if (side && find_sysctl(key_of(side->link.name)) != "1")
        throw Error(Code::internal, cat(key_of(side->link.name), " is not 1"),
                    "127.0.0.1 of the host does not reach the container's ports");
}

}  // namespace cni::portmap
