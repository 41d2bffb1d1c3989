#pragma once

#include <string>
#include <vector>

#include "forwarding.h"
#include "iptables/extensions.h"

/// The rules themselves, without a table: names, comments and order are the reference plugin's.
namespace cni::portmap::iptables {

inline const std::string prerouting = "PREROUTING", output = "OUTPUT", postrouting = "POSTROUTING";
inline const std::string hostport_dnat = "CNI-HOSTPORT-DNAT";

/// dnat name: "net1" id: "c1"
std::string jump_comment(const Owner& owner);
/// What the comments of all jumps of a network begin with.
std::string jump_comment_prefix(const std::string& network);

/// "-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT"
ipt::Rule entry_rule();

/// The chains that mark what is to be masqueraded and masquerade it. Another bit than the first has
/// chains of its own, with the bit's number at the end of their names.
struct MarkChains {
    std::string set_mark, masquerade;
    ipt::Rule set_mark_rule, masquerade_rule, postrouting_jump;
};
MarkChains mark_chains(std::uint8_t bit, Family family, bool is_first_bit);
/// Whether the rule sets a mark, and another one than that of `bit`.
bool sets_another_mark(const ipt::Rule& rule, std::uint8_t bit);

/// The content of the owner's chain; `mark_chain` is where what is to be masqueraded goes through.
std::vector<ipt::Rule> mapping_rules(const Forwarding& forwarding, const std::string& mark_chain);
/// The jumps to it, in CNI-HOSTPORT-DNAT. Throws Error(invalid_config) for conditions that iptables
/// cannot express.
std::vector<ipt::Rule> jump_rules(const Forwarding& forwarding, const std::string& chain);

/// The mapping that a DNAT rule makes; nullopt when it is none.
std::optional<Forwarded> parse_mapping(const ipt::Rule& rule, Family family);

}  // namespace cni::portmap::iptables
