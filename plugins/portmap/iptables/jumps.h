#pragma once

#include <map>
#include <string>
#include <vector>

#include "../forwarding.h"
#include "iptables/table.h"

namespace cni::portmap::iptables {

/// The jumps from CNI-HOSTPORT-DNAT to the chains of attachments, read once: their comments say
/// whose a chain is, which its name, a hash, does not prove.
class Jumps {
public:
    using ByChain = std::map<std::string, std::vector<ipt::Rule>>;

    explicit Jumps(ipt::Table& table);

    /// In the order of the chains' names, and of the jumps to each.
    const ByChain& by_chain() const { return by_chain_; }
    const std::vector<ipt::Rule>& to(const std::string& chain) const;

    /// Nobody's packets come to a chain without a jump.
    enum class Holder { nobody, owner, another };
    Holder holder_of(const std::string& chain, const Owner& owner) const;
    /// Somebody else has jumps to it besides: the reference plugin's names are ambiguous.
    bool is_shared(const std::string& chain, const Owner& owner) const;
    /// Whether it is of an attachment of the container.
    bool is_of_container(const std::string& chain, const std::string& container_id) const;

private:
    ByChain by_chain_;
};

}  // namespace cni::portmap::iptables
