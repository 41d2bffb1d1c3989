#include "allocator.h"

#include <algorithm>

#include "base/contains.h"
#include "base/error.h"
#include "base/undo.h"
#include "base/warn.h"
#include "range_sets.h"

namespace cni::host_local {
namespace {

// Takes the next free address of a set, in round-robin order.
class Walk {
public:
    Walk(LeaseStore& store, const RangeSet& set, const std::vector<Ip>& gateways,
         const AttachmentId& owner)
        : store_(store), set_(set), gateways_(gateways), owner_(owner) {}

    std::optional<Ip> claim_after(const std::optional<Ip>& last) {
        for (const Stretch& stretch : set_.round_robin(last))
            if (const auto ip = claim_in(stretch)) return ip;
        return {};
    }

private:
    // Taking an address costs less than asking whether it is free, until many in a row are not; and
    // asking costs less than reading the whole index, until very many are not.
    static constexpr int patience = 8, persistence = 256;

    std::optional<Ip> claim_in(const Stretch& stretch) {
        std::optional<Ip> from = stretch.first;
        while (from && *from <= stretch.last) {
            const auto ip = candidate(*from, stretch);
            if (!ip) return {};
            if (store_.claim(*ip, owner_)) return ip;
            ++refused_;
            from = ip->next();
        }
        return {};
    }

    std::optional<Ip> candidate(const Ip& from, const Stretch& stretch) {
        if (refused_ < patience && !contains(gateways_, from)) return from;
        std::optional<Ip> ip = from;
        for (; ip && *ip <= stretch.last && asked_ < persistence; ip = ip->next(), ++asked_)
            if (!contains(gateways_, *ip) && !store_.dir().stamp(*ip)) return ip;
        if (!ip || *ip > stretch.last) return {};
        if (taken_.empty()) {
            taken_ = store_.taken();
            taken_.insert(taken_.end(), gateways_.begin(), gateways_.end());
        }
        return first_free(*ip, stretch.last, taken_);
    }

    LeaseStore& store_;
    const RangeSet& set_;
    const std::vector<Ip>& gateways_;
    const AttachmentId& owner_;
    int refused_ = 0, asked_ = 0;
    std::vector<Ip> taken_;
};

std::string file_of(const LeaseStore& store, const Ip& ip) {
    return cat("lease file ", store.dir().path_of(ip.to_string()));
}

void require_no_address(const LeaseStore& store, const RangeSet& set,
                        const std::vector<Lease>& held) {
    for (const Lease& lease : held)
        if (set.find(lease.ip))
            throw Error(Code::internal,
                        cat(lease.ip.to_string(), " has been allocated to ",
                            Holder{lease.holder}.owner()->container_id,
                            ", duplicate allocation is not allowed"),
                        cat(file_of(store, lease.ip), " is held by ", store.holder_of(lease.ip),
                            "; a DEL of that attachment releases it"));
}

Ip claim_requested(LeaseStore& store, const RangeSet& set, const Ip& ip,
                   const AttachmentId& owner) {
    if (store.claim(ip, owner)) return ip;
    throw Error(Code::internal,
                cat("requested IP address ", ip.to_string(), " is not available in range set ",
                    set.to_string()),
                cat(file_of(store, ip), " is held by ", store.holder_of(ip)));
}

Ip claim_next(LeaseStore& store, const std::vector<RangeSet>& sets, std::size_t number,
              const AttachmentId& owner) {
    const RangeSet& set = sets[number];
    const auto last = store.dir().read_last_reserved(number);
    const auto ip = Walk(store, set, gateways_of(sets), owner).claim_after(last);
    if (ip) return *ip;
    throw Error(Code::internal, exhausted(set), explain_exhaustion(store));
}

void remember(const LeaseStore& store, std::size_t number, const Ip& ip) {
    try {
        store.dir().write_last_reserved(number, ip);
    } catch (const Error& error) {
        warn(error.what());  // the next address may then be one that was released just now
    }
}

// The error of one set, as the reference plugin begins it.
Error of_set(std::size_t number, const Error& error) {
    return Error(error.code, cat("failed to allocate for range ", number, ": ", error.msg),
                 error.details);
}

}  // namespace

std::vector<std::optional<Ip>> assign_requested(const std::vector<RangeSet>& sets,
                                                const std::vector<Ip>& requested) {
    const std::vector<Ip> gateways = gateways_of(sets);
    std::vector<std::optional<Ip>> assigned;
    std::vector<Ip> left = requested;
    for (const RangeSet& set : sets) {
        const auto fits = std::ranges::find_if(left, [&](const Ip& ip) { return set.find(ip); });
        if (fits == left.end()) {
            assigned.emplace_back();
            continue;
        }
        if (contains(gateways, *fits))
            throw of_set(assigned.size(),
                         Error(Code::internal,
                               cat("requested ip ", fits->to_string(), " is subnet's gateway"),
                               cat("subnet ", set.find(*fits)->subnet.to_string())));
        assigned.emplace_back(*fits);
        left.erase(fits);
    }
    if (left.empty()) return assigned;
    std::vector<std::string> texts;
    for (const Ip& ip : left) texts.push_back(ip.to_string());
    throw Error(Code::internal, cat("failed to allocate all requested IPs: ", join(texts, " ")),
                "each range set provides one address, and no range set has these to give");
}

std::vector<IpConfig> allocate(LeaseStore& store, const Config& config, const AttachmentId& owner) {
    const auto requested = assign_requested(config.sets, config.requested);
    const std::vector<Lease> held = store.held_by(owner);
    const std::string text = lease_text(owner);
    std::vector<IpConfig> ips;
    Undo undo;
    for (std::size_t i = 0; i < config.sets.size(); ++i) {
        const RangeSet& set = config.sets[i];
        try {
            if (!requested[i]) require_no_address(store, set, held);
            const Ip ip = requested[i] ? claim_requested(store, set, *requested[i], owner)
                                       : claim_next(store, config.sets, i, owner);
            undo.on_failure(cat("release ", ip.to_string()), [&store, ip, text] {
                store.release({ip, text});
            });
            remember(store, i, ip);
            const Range& range = *set.find(ip);
            ips.push_back(
                {.address = {ip, range.subnet.length}, .gateway = range.gateway, .interface = {}});
        } catch (const Error& error) {
            throw of_set(i, error);
        }
    }
    undo.commit();
    return ips;
}

std::string explain_exhaustion(const LeaseStore& store) {
    constexpr std::size_t most = 5;
    std::string text =
        cat("all addresses have a file in ", store.dir().path_of(""),
            "; DEL of attachments that are gone, or GC, releases what they still hold");
    std::vector<std::string> names;
    for (const Ip& ip : store.ownerless())
        names.push_back(names.size() < most ? ip.to_string() : "...");
    if (names.empty()) return text;
    names.resize(std::min(names.size(), most + 1));
    return cat(text, "; ", join(names, ", "),
               " there are no leases: remove what is not kept on purpose");
}

}  // namespace cni::host_local
