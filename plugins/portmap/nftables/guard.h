#pragma once

#include "../guard.h"
#include "netfilter/nft.h"

namespace cni::portmap {

/// Table `ip cni_portmap_guard`, which goes with the last who needs it:
///
/// | object | what it is |
/// |---|---|
/// | chain prerouting | drops 127.0.0.0/8 as source and as destination from outside lo; priority
/// raw | | map attachments | hashes of an attachment : jump holders; the comment is Holder's | |
/// map links | name of a shared link : jump holders; the comment is LinkName's | | chain holders |
/// empty, never reached: the kernel counts what refers to it |
class NftGuard final : public Guard {
public:
    explicit NftGuard(nft::Connection& nft) : nft_(nft) {}

    void hold(const Holder& holder) override;
    void hold(const LinkName& shared) override;
    std::optional<Holder> find(const std::string& hashes) override;
    void release(const std::string& hashes) override;
    void release(const LinkName& shared) override;
    std::vector<LinkName> links() override;
    std::vector<Holder> holders() override;
    std::optional<std::string> fault() override;

private:
    void hold(const std::string& map, const nft::Bytes& key, const std::string& comment);
    void release(const std::string& map, const nft::Bytes& key, const std::string& comment);
    bool is_in_place();
    void repair(nft::Batch& batch);
    nft::Connection& nft_;
};

}  // namespace cni::portmap
