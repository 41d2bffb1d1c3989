#pragma once

#include "../guard.h"

namespace cni::portmap {

/// Table raw of iptables. Nothing but the first rule of CNI-HOSTPORT-GUARD is ever reached by a
/// packet without being dropped: all others say who needs it.
///
/// | chain | rules |
/// |---|---|
/// | PREROUTING | `! -i lo -s 127.0.0.0/8 -j CNI-HOSTPORT-GUARD`, the same with `-d` |
/// | CNI-HOSTPORT-GUARD | `-j DROP` |
/// | CNI-HOSTPORT-LINKS | `-i <link> -j CNI-HOSTPORT-GUARD` for each shared link; nothing jumps
/// here | | CNI-HG-<hash> | of an attachment: `[-i <link>] -j CNI-HOSTPORT-GUARD`; nothing jumps
/// here |
class IptablesGuard final : public Guard {
public:
    IptablesGuard(nft::Connection& nft, ipt::Flavour flavour) : nft_(nft), flavour_(flavour) {}

    void hold(const Holder& holder) override;
    void hold(const LinkName& shared) override;
    std::optional<Holder> find(const std::string& hashes) override;
    void release(const std::string& hashes) override;
    void release(const LinkName& shared) override;
    std::vector<LinkName> links() override;
    std::vector<Holder> holders() override;
    std::optional<std::string> fault() override;

private:
    void change(const std::function<void(ipt::Table&)>& body);
    /// Only when there is a table.
    void change_present(const std::function<void(ipt::Table&)>& body);
    nft::Connection& nft_;
    ipt::Flavour flavour_;
};

}  // namespace cni::portmap
