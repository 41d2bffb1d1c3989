#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "judge.h"
#include "netfilter/nft_hooked.h"

namespace cni::tool {

/// Where in the kernel rules are asked.
enum class Stage { forward, prerouting, postrouting };

/// A base chain, in whichever of the places that a host may have rules in. Its rules are read when
/// they are asked for, each chain once.
struct Hooked {
    std::string place;    ///< for people: "table filter of iptables (legacy)"
    std::string program;  ///< what lists and changes it: "iptables-legacy -t nat", or "nft"
    std::string target;   ///< as the program is told: "FORWARD", "inet filter forward"
    std::string chain;
    bool is_of_iptables = false;
    Act policy = Act::accept;
    std::function<const std::vector<nft::Rule>&(const std::string& chain)> rules;
    ElementOf element_of;
};

/// Those that packets of the family come to, but not those of our own tables, and firewalld's.
/// `bases` are all base chains of nf_tables; `nft` stays in use. Throws SysError.
std::vector<Hooked> hooked_at(nft::Connection& nft, const std::vector<nft::BaseChain>& bases,
                              Family family, Stage stage);

/// Tables of iptables that hold rules, of the family, as people call them: those that are legacy,
/// and those in nf_tables.
struct IptablesInUse {
    std::vector<std::string> legacy, nf_tables;
};
IptablesInUse iptables_in_use(const std::vector<nft::BaseChain>& bases, Family family);

}  // namespace cni::tool
