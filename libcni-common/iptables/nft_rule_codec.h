#pragma once

#include "iptables/rule.h"
#include "netfilter/nft.h"

/// Rules of iptables as nf_tables holds them.
namespace cni::ipt {

/// The expressions that iptables-nft 1.8.9 makes of it. The rule must not be foreign.
nft::Rule to_nft(const Rule& rule);
/// What nf_tables has to know beside them.
nft::XtProtocol xt_protocol(const Rule& rule);

/// Reads what any version of iptables-nft writes, native expressions and iptables' own alike. A
/// rule that holds anything else is foreign; where it jumps to and its comment are told even so.
Rule from_nft(const nft::ListedRule& listed, Family family);

}  // namespace cni::ipt
