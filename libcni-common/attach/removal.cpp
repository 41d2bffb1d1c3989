#include "attach/removal.h"

#include <utility>

#include "attach/container_link.h"
#include "attach/owners.h"
#include "attach/veth_pair.h"
#include "cni/delegate.h"
#include "container/container.h"
#include "rules/masquerading.h"

namespace cni {
namespace {

void remove_from_container(const Request& request, std::string_view kind, Departure& departure) {
    const auto container = Container::find(request.args);
    if (!container) return;
    if (const auto link = find_container_link(*container, request, kind))
        departure.remove(*container, {*link});
}

bool may_be_masqueraded(const NetConf& conf) {
    try {
        return conf.json.bool_or("ipMasq", false);
    } catch (const Error&) {
        return true;
    }
}

}  // namespace

// The IPAM plugin starts while all else is done. What cannot be read of it is reported when its
// turn comes; it keeps no link.
Removal::Removal(const Request& request)
    : record(request.conf.prev_result_if_readable()), request_(request) {
    unreadable_.attempt([&] { ipam_.emplace(request).prepare("DEL"); });
}

void Removal::masquerading() {
    is_masquerading_due_ = true;
    if (may_be_masqueraded(request_.conf)) remove_masquerading_if_due();
}

void Removal::remove_masquerading_if_due() {
    if (!std::exchange(is_masquerading_due_, false)) return;
    request_.step("remove masquerading");
    attempt([&] {
        remove_masquerading(nft(), owner_of(request_),
                            known_addresses(record, request_.args.ifname));
    });
}

void Removal::pair_and_addresses() {
    remove_and_release([&] {
        request_.step("remove veth pair");
        remove_veth_pair(request_, record, departure_);
    });
}

void Removal::link_and_addresses(std::string_view kind) {
    link_and_addresses([&] { remove_from_container(request_, kind, departure_); });
}

void Removal::link_and_addresses(const std::function<void()>& remove) {
    remove_and_release([&] {
        request_.step("remove link");
        remove();
    });
}

void Removal::remove_and_release(const std::function<void()>& remove) {
    const bool ipam_comes_first = ipam_ && ipam_->needs_link();
    if (ipam_comes_first) attempt([&] { ipam_->del(); });
    attempt([&] {
        departure_.overlap([this] { remove_masquerading_if_due(); });
        remove();
        unreadable_.throw_if_any();
        if (!ipam_comes_first) departure_.run_beside_orphan([&] { ipam_->del(); });
    });
    attempt([&] { departure_.settle(); });
    remove_masquerading_if_due();
}

void Removal::finish() {
    request_.step("await kernel");
    failures_.throw_if_any();
}

StaleRemoval::StaleRemoval(const Request& request)
    : request_(request), valid_(request.conf.valid_attachments()) {}

void StaleRemoval::masquerading() {
    attempt([&](const std::vector<AttachmentId>& valid) {
        request_.step("remove stale masquerading");
        const std::string& network = request_.conf.name;
        gc_masquerading(nft(), network, owners_of(network, valid));
    });
}

void StaleRemoval::pairs_and_addresses() {
    failures_.attempt([&] { remove_stale_pairs_and_addresses(request_, valid_, departure_); });
}

void StaleRemoval::addresses() {
    failures_.attempt([&] { departure_.run_beside_orphan([&] { Ipam(request_).gc(); }); });
}

void remove_link_and_addresses(const Request& request, std::string_view kind) {
    Removal removal(request);
    removal.link_and_addresses(kind);
    removal.finish();
}

void remove_stale_addresses(const Request& request) {
    Ipam(request).gc();
}

}  // namespace cni
