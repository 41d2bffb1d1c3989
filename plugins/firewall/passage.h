#pragma once

#include <string>
#include <vector>

#include "admission.h"
#include "base/named.h"
#include "net/ip.h"
#include "netfilter/owner.h"

namespace cni::firewall {

/// What reaches the containers of a bridge.
enum class Policy {
    open,         ///< whatever the host lets through
    same_bridge,  ///< nothing from other bridges that have such a policy
    isolated,     ///< nor from each other
};
inline constexpr Named<Policy> policies[] = {
    {"open", Policy::open}, {"same-bridge", Policy::same_bridge}, {"isolated", Policy::isolated}};

/// What an attachment is let do.
struct Passage {
    Owner owner;
    std::vector<Prefix> addresses;  ///< of one host each, none twice
    std::string admin_chain;        ///< of the administrator's own rules, which come first
    Policy policy = Policy::open;
    std::string bridge = {};  ///< that the policy is for; "" when that is open
    /// Of firewalld, which lets through in place of rules; "" when rules do.
    std::string zone = {};
    /// The interface of the host that leads to the container; "" when prevResult tells none.
    std::string port = {};
    Admission admission = {};
    Door door = {};  ///< of an attachment that not everything is let in and out of
    /// What opens a gate: the container's first address of each family.
    std::vector<Ip> gate_addresses = {};
};

/// What prevResult tells of an attachment that is to go, and that nobody may have recorded.
struct Trace {
    std::vector<Prefix> addresses;
    std::string bridge = {};  ///< that a policy may be for; "" when it tells none
    std::string port = {};    ///< see Passage
    /// In which firewalld may let the addresses through; "" in none.
    std::string zone = {};
};

}  // namespace cni::firewall
