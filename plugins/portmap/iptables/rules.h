#pragma once

#include <string>
#include <vector>

#include "../forwarding.h"
#include "iptables/extensions.h"

/// The rules themselves, without a table: names, comments and order are the reference plugin's.
namespace cni::portmap::iptables {

inline constexpr const char* prerouting = "PREROUTING";
inline constexpr const char* output = "OUTPUT";
inline constexpr const char* postrouting = "POSTROUTING";
inline constexpr const char* hostport_dnat = "CNI-HOSTPORT-DNAT";

/// What all names of chains of attachments begin with.
constexpr std::string_view chain_prefix = "CNI-DN-";
bool is_of_mappings(const ipt::Jump& jump);

/// By the comment of a jump, as jump_rules makes it: whose chain it leads to.
bool names(const ipt::Rule& jump, const Owner& owner);
bool names_network(const ipt::Rule& jump, const std::string& network);
/// False as well for an id that is so long that the comment was cut.
bool names_container(const ipt::Rule& jump, const std::string& container_id);

/// "-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT"
ipt::Rule reference_entry_rule();
/// The same without ::1: the host cannot forward from there, and what comes from elsewhere for it
/// has no business here.
ipt::Rule entry_rule(Family family);

/// The chains that mark what is to be masqueraded and masquerade it. Another bit than the first has
/// chains of its own, with the bit's number at the end of their names.
struct MarkChains {
    std::string set_mark, masquerade;
    ipt::Rule set_mark_rule, masquerade_rule, postrouting_jump;
};
MarkChains mark_chains(std::uint8_t bit, Family family, bool is_first_bit);
/// Whether the rule sets a mark, and another one than that of `bit`.
bool sets_another_mark(const ipt::Rule& rule, std::uint8_t bit);

/// The content of the owner's chain, one address ahead of any; `mark_chain` is where what is to be
/// masqueraded goes through.
std::vector<ipt::Rule> mapping_rules(const Forwarding& forwarding, const std::string& mark_chain);
/// The jumps to it, in CNI-HOSTPORT-DNAT. Throws Error(invalid_config) for conditions that iptables
/// cannot express.
std::vector<ipt::Rule> jump_rules(const Forwarding& forwarding, const std::string& chain);

/// What a rule of mapping_rules is for; nullopt when it is none.
std::optional<HostPort> parse_host_port(const ipt::Rule& rule);
/// What a DNAT rule does; nullopt when it is none.
std::optional<Translation> parse_translation(const ipt::Rule& rule, Family family);

}  // namespace cni::portmap::iptables
