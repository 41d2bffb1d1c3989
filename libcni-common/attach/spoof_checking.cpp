#include "attach/spoof_checking.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "attach/host_link.h"
#include "attach/owners.h"
#include "netfilter/spoof_check.h"

namespace cni {
namespace {

/// The reference plugins' first.
std::array<std::string, 2> references_of(const Owner& owner) {
    return {spoof_reference(owner.container_id, owner.ifname), own_spoof_reference(owner)};
}

/// Tells the ports of an attachment from those of others, and does nothing until it is asked.
class Ports {
public:
    Ports(Rtnl& host, const Owner& owner, const std::optional<Result>& result)
        : host_(host), owner_(owner), result_(result) {}

    bool are_ours(const std::vector<std::string>& names) {
        return std::ranges::all_of(names, [&](const std::string& name) { return is_ours(name); });
    }

private:
    bool is_ours(const std::string& name) {
        if (!ours_) look();
        return ours_->contains(name) || !host_.find(name);
    }

    void look() {
        ours_.emplace();
        for (const Link& link :
             find_host_links(host_, owner_.network, {owner_.container_id, owner_.ifname}, result_))
            ours_->insert(link.name);
    }

    Rtnl& host_;
    const Owner& owner_;
    const std::optional<Result>& result_;
    std::optional<std::set<std::string>> ours_;
};

}  // namespace

void add_spoof_checking(nft::Connection& nft, Rtnl& host, const Owner& owner,
                        const std::string& port, const Mac& mac) {
    const std::optional<Result> nothing;
    Ports ports(host, owner, nothing);
    for (const std::string& reference : references_of(owner)) {
        if (create_spoof_check(nft, reference, port, mac)) return;
        const auto taken_for = spoof_check_ports(nft, reference);
        if (!taken_for || ports.are_ours(*taken_for))
            return add_spoof_check(nft, reference, port, mac);
    }
    throw Error(Code::internal, cat("MAC spoof check: other attachments have all that is called ",
                                    join(references_of(owner), " or ")));
}

bool remove_spoof_checking(nft::Connection& nft, Rtnl& host, const Owner& owner,
                           const std::optional<Result>& result) {
    Ports ports(host, owner, result);
    bool all_known = true;
    for (const std::string& reference : references_of(owner)) {
        const auto found = spoof_check_ports(nft, reference);
        if (found && ports.are_ours(*found))
            remove_spoof_check(nft, reference);
        else if (found)
            all_known = false;
    }
    return all_known;
}

void check_spoof_checking(nft::Connection& nft, const Owner& owner, const std::string& port,
                          const Mac& mac) {
    const auto references = references_of(owner);
    const auto is_for_port = [&](const std::string& reference) {
        const auto ports = spoof_check_ports(nft, reference);
        return ports && std::ranges::find(*ports, port) != ports->end();
    };
    const auto found = std::ranges::find_if(references, is_for_port);
    check_spoof_check(nft, found == references.end() ? references.front() : *found, port, mac);
}

void gc_spoof_checking(nft::Connection& nft, Rtnl& host, const std::string& network,
                       const std::vector<AttachmentId>& attachments) {
    const StaleHostLinks stale_links(network, attachments);
    std::set<std::string> valid_references;
    for (const Owner& owner : owners_of(network, attachments))
        for (const std::string& reference : references_of(owner))
            valid_references.insert(reference);
    const auto is_stale = [&](const SpoofCheck& check) {
        if (check.host_ifname.empty()) return false;
        const auto port = host.find(check.host_ifname);
        if (!port) return !valid_references.contains(check.reference);
        return stale_links.contain(*port);
    };
    std::map<std::string, bool> stale;  // of a reference: whether all its checks are
    for (const SpoofCheck& check : list_spoof_checks(nft)) {
        const auto [known, is_new] = stale.emplace(check.reference, true);
        known->second = known->second && is_stale(check);
    }
    for (const auto& [reference, is_stale_now] : stale)
        if (is_stale_now) remove_spoof_check(nft, reference);
}

}  // namespace cni
