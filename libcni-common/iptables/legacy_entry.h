#pragma once

#include <netinet/in.h>

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include <optional>
#include <string_view>

#include "iptables/rule.h"

namespace cni::ipt {

/// A rule as the kernel's legacy tables hold it: an ipt_entry or ip6t_entry with matches and target
/// behind it. libiptc puts the positions of chains in: a target of its own is named by its label.
Bytes to_entry(const Rule& rule, Family family);

/// `label` is the verdict or chain that the rule ends in, "" when it goes on; nullopt when its
/// target is an extension.
Rule from_entry(const ipt_entry& entry, std::optional<std::string_view> label);
Rule from_entry(const ip6t_entry& entry, std::optional<std::string_view> label);

}  // namespace cni::ipt
