#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "cni/args.h"
#include "cni/result.h"
#include "container/container.h"
#include "netlink/link.h"
#include "netlink/route.h"

namespace cni {

/// Why an attachment is not as it should be: an Error(internal).
Error check_failure(std::string msg, std::string details = {});

/// The record of the container's interface in a prevResult; its MAC is compared with `link`'s by
/// has_recorded_mac(). Throws Error(internal).
const Interface& recorded_interface(const Result& prev, const Args& args);
/// Whether the MAC of the record, if it has one, is the link's.
bool has_recorded_mac(const Interface& recorded, const Link& link);

/// The first of `wanted` that no route through the link satisfies: `does_satisfy(route, each)`. No
/// list is made of the routes, of which a container may have any number.
template <typename T, typename F>
std::optional<T> find_missing(Rtnl& rtnl, const Link& link, Family family, std::vector<T> wanted,
                              F does_satisfy) {
    visit_paths(rtnl, link, family, [&](const Route& route) {
        std::erase_if(wanted, [&](const T& each) { return does_satisfy(route, each); });
    });
    return wanted.empty() ? std::nullopt : std::optional(std::move(wanted.front()));
}

/// Throws Error(internal) unless every address of the result is on the link with the same prefix
/// length, no other host's as far as the kernel knows, and its gateway can be reached through the
/// link.
void check_addresses(Container& container, const Link& link, const Result& result);

/// Throws Error(internal) unless every route of the result is there, through the link, with its
/// table and what else it names of gateway, metric, MTU and segment size. Any default route serves
/// for a default route.
void check_routes(Container& container, const Link& link, const Result& result);

}  // namespace cni
