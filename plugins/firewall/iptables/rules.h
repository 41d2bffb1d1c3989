#pragma once

#include <optional>
#include <string>

#include "../passage.h"
#include "iptables/extensions.h"

/// The rules themselves, without a table: chains, comments and order are the reference plugin's.
namespace cni::firewall::iptables {

inline constexpr const char* forward = "FORWARD";
inline constexpr const char* passages = "CNI-FORWARD";
inline constexpr const char* stage_1 = "CNI-ISOLATION-STAGE-1";
inline constexpr const char* stage_2 = "CNI-ISOLATION-STAGE-2";

/// A rule, and how the iptables program would be told it, without quotes: for messages.
struct Spelled {
    ipt::Rule rule;
    std::string text;
    /// With the comment of reference plugins before 1.7.0, which knew no other policy than
    /// same-bridge: as good.
    std::optional<ipt::Rule> earlier = {};
    bool is(const ipt::Rule& other) const { return other == rule || other == earlier; }
};

/// From FORWARD to CNI-FORWARD.
Spelled forward_jump();
/// From there to a chain of the administrator.
Spelled admin_jump(const std::string& chain);
bool is_admin_jump(const ipt::Rule& rule);

/// What answers a container, and whatever it sends.
Spelled inbound(const Prefix& address);
Spelled outbound(const Prefix& address);
/// The address that a rule of either kind is for; nullopt when it is none.
std::optional<Prefix> let_through(const ipt::Rule& rule);

/// From FORWARD to stage 1.
Spelled isolation_jump();
/// Of stage 1: what comes from the bridge and goes elsewhere has to pass stage 2.
Spelled leaving(const std::string& bridge, Policy policy);
/// Of stage 1: what stays on the bridge is dropped.
Spelled staying(const std::string& bridge);
/// Of stage 2: what would enter the bridge is dropped.
Spelled entering(const std::string& bridge);
/// The last one of either stage.
Spelled stage_end();
/// The bridge that a rule of a stage is for; nullopt when it is none.
std::optional<std::string> policed_bridge(const ipt::Rule& rule);

/// Whether it decides about whatever comes to it.
bool ends_all(const ipt::Rule& rule);

}  // namespace cni::firewall::iptables
