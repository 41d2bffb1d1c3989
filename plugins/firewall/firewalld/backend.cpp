#include "backend.h"

#include <algorithm>

#include "base/contains.h"
#include "base/undo.h"
#include "base/warn.h"
#include "record.h"

namespace cni::firewall::firewalld {
namespace {

/// Whether somebody else, who is not gone, is recorded for it.
bool is_needed(const std::vector<Record>& records, const Owner& but, const std::string& zone,
               const Prefix& address) {
    return std::ranges::any_of(records, [&](const Record& record) {
        return !record.is_left && record.owner != but && record.has(zone, address);
    });
}

/// Steps that are all tried, whichever firewalld refuses: the first refusal is thrown at the end.
class Attempts {
public:
    template <typename F>
    void attempt(F&& step) {
        try {
            step();
        } catch (const Refusal& refusal) {
            if (first_)
                warn(refusal.what());
            else
                first_ = refusal;
        }
    }
    void throw_if_refused() const {
        if (first_) throw Refusal(*first_);
    }

private:
    std::optional<Refusal> first_;
};

/// Takes a record's addresses out of its zone, less those that others need. One of these who is
/// recorded while that is done may find it done to him: he is given it back.
void remove_sources(Service& service, const Record& gone) {
    Attempts attempts;
    const auto before = all_records();
    for (const Prefix& address : gone.addresses)
        if (!is_needed(before, gone.owner, gone.zone, address))
            attempts.attempt([&] { service.remove_source(gone.zone, address); });
    const auto after = all_records();
    for (const Prefix& address : gone.addresses)
        if (is_needed(after, gone.owner, gone.zone, address))
            attempts.attempt([&] { service.add_source(gone.zone, address); });
    attempts.throw_if_refused();
}

void remove(std::optional<Service>& service, const Record& record) {
    if (service) remove_sources(*service, record);
    forget_record(record.owner);
}

/// The address may be somebody else's from now on.
void leave(const Owner& owner) {
    auto record = find_record(owner);
    if (!record || record->is_left) return;
    record->is_left = true;
    save_record(*record);
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

void remove_or_leave(const Owner& owner) try { remove(owner); } catch (const Refusal& refusal) {
    warn({refusal.what(), ": left for GC"});
    leave(owner);
}

void gc(const std::string& network, const std::vector<Owner>& valid) {
    auto stale = all_records();
    std::erase_if(stale, [&](const Record& record) {
        return record.owner.network != network || contains(valid, record.owner);
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
    Attempts attempts;
    for (const Prefix& address : addresses)
        if (!is_needed(records, {}, zone, Prefix::host(address.ip)))
            attempts.attempt([&] { service->remove_source(zone, Prefix::host(address.ip)); });
    attempts.throw_if_refused();
} catch (const Error& error) {
    warn(error.what());
}

}  // namespace cni::firewall::firewalld
