#include "backend.h"

#include <algorithm>

#include "base/undo.h"
#include "base/warn.h"
#include "record.h"

namespace cni::firewall::firewalld {
namespace {

/// Whether somebody else is recorded for it.
bool is_needed(const std::vector<Record>& records, const Owner& but, const std::string& zone,
               const Prefix& address) {
    return std::ranges::any_of(records, [&](const Record& record) {
        return !is_same(record.owner, but) && record.has(zone, address);
    });
}

/// Takes a record's addresses out of its zone, less those that others need. One of these who is
/// recorded while that is done may find it done to him: he is given it back.
void remove_sources(Service& service, const Record& gone) {
    const auto before = all_records();
    for (const Prefix& address : gone.addresses)
        if (!is_needed(before, gone.owner, gone.zone, address))
            service.remove_source(gone.zone, address);
    const auto after = all_records();
    for (const Prefix& address : gone.addresses)
        if (is_needed(after, gone.owner, gone.zone, address))
            service.add_source(gone.zone, address);
}

void remove(std::optional<Service>& service, const Record& record) {
    if (service) remove_sources(*service, record);
    forget_record(record.owner);
}

/// What an earlier ADD made of the attachment and this one does not want.
void remove_earlier(Service& service, const Record& wanted) {
    auto earlier = find_record(wanted.owner);
    if (!earlier) return;
    std::erase_if(earlier->addresses,
                  [&](const Prefix& address) { return wanted.has(earlier->zone, address); });
    if (!earlier->addresses.empty()) remove_sources(service, *earlier);
}

}  // namespace

void add(Service& service, const Passage& passage) {
    const Record wanted{passage.owner, passage.zone, passage.addresses};
    remove_earlier(service, wanted);
    save_record(wanted);
    for (const Prefix& address : wanted.addresses) service.add_source(wanted.zone, address);
}

void check(Service& service, const Passage& passage) {
    for (const Prefix& address : passage.addresses)
        if (!service.has_source(passage.zone, address))
            throw Error(Code::internal, cat("failed to find the address ", address.to_string(),
                                            " in ", passage.zone, " zone"));
}

void remove(const Owner& owner) {
    const auto record = find_record(owner);
    if (!record) return forget_record(owner);
    auto service = Service::find();
    remove(service, *record);
}

void gc(const std::string& network, const std::vector<Owner>& valid) {
    auto stale = all_records();
    std::erase_if(stale, [&](const Record& record) {
        const auto is_its = [&](const Owner& owner) { return is_same(owner, record.owner); };
        return record.owner.network != network || std::ranges::any_of(valid, is_its);
    });
    if (stale.empty()) return;
    auto service = Service::find();
    Failures failures;
    for (const Record& record : stale) failures.attempt([&] { remove(service, record); });
    failures.throw_if_any();
}

void remove_unrecorded(const std::string& zone, const std::vector<Prefix>& addresses) try {
    auto service = addresses.empty() ? std::nullopt : Service::find();
    if (!service) return;
    const auto records = all_records();
    for (const Prefix& address : addresses)
        if (!is_needed(records, {}, zone, Prefix::host(address.ip)))
            service->remove_source(zone, Prefix::host(address.ip));
} catch (const Error& error) {
    warn(error.what());
}

}  // namespace cni::firewall::firewalld
