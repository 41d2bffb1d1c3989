#include "jumps.h"

#include <algorithm>

#include "rules.h"

namespace cni::portmap::iptables {
namespace {

using ipt::Rule;

}  // namespace

Jumps::Jumps(ipt::Table& table) {
    for (Rule& rule : table.rules(hostport_dnat))
        if (const auto* jump = std::get_if<ipt::Jump>(&rule.target); jump && is_of_mappings(*jump))
            by_chain_[jump->chain].push_back(std::move(rule));
}

const std::vector<Rule>& Jumps::to(const std::string& chain) const {
    static const std::vector<Rule> none;
    const auto found = by_chain_.find(chain);
    return found == by_chain_.end() ? none : found->second;
}

Jumps::Holder Jumps::holder_of(const std::string& chain, const Owner& owner) const {
    const auto& jumps = to(chain);
    if (jumps.empty()) return Holder::nobody;
    return std::ranges::any_of(jumps, [&](const Rule& jump) { return names(jump, owner); })
               ? Holder::owner
               : Holder::another;
}

bool Jumps::is_shared(const std::string& chain, const Owner& owner) const {
    return std::ranges::any_of(to(chain), [&](const Rule& jump) {
        return !jump.comment().empty() && !names(jump, owner);
    });
}

bool Jumps::is_of_container(const std::string& chain, const std::string& container_id) const {
    return std::ranges::any_of(
        to(chain), [&](const Rule& jump) { return names_container(jump, container_id); });
}

}  // namespace cni::portmap::iptables
