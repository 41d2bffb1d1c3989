#pragma once

#include <optional>
#include <string>

#include "firewalld/service.h"
#include "passage.h"
#include "rules/backend.h"

namespace cni::firewall {

/// Where passages are made: by rules in one of the backends, or by firewalld, and by rules what
/// that cannot do.
struct Place {
    Backend rules;
    std::optional<firewalld::Service> firewalld = {};
};

/// firewalld where it runs, unless the configuration wants something else. Throws
/// Error(try_again_later) when it wants firewalld, and that does not run.
Place choose_place(nft::Connection& nft, const std::optional<std::string>& configured);

/// Throws Error(invalid_config) where the place has no room for what the admission asks for.
void require_place(const Place& place, const Admission& admission);

/// Whether rules are needed there, besides what firewalld does: it lets through, but drops nothing
/// for anybody.
bool needs_rules(const Place& place, const Passage& passage);

}  // namespace cni::firewall
