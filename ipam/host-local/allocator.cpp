#include "allocator.h"

#include <algorithm>

#include "base/contains.h"
#include "base/error.h"
#include "base/undo.h"
#include "base/warn.h"
#include "range_sets.h"
#include "walk.h"

namespace cni::host_local {
namespace {

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

void remember(const LeaseStore& store, std::size_t number, const Ip& ip) {
    try {
        store.remember(number, ip);
    } catch (const Error& error) {
        warn(error.what());  // the next address may then be one that was released just now
    }
}

// Whoever asks for an address by name gets it while it rests: a container that starts again, say.
Ip claim_requested(LeaseStore& store, const RangeSet& set, std::size_t number, const Ip& ip,
                   const AttachmentId& owner) {
    if (store.claim(ip, owner)) {
        remember(store, number, ip);
        return ip;
    }
    throw Error(Code::internal,
                cat("requested IP address ", ip.to_string(), " is not available in range set ",
                    set.to_string()),
                cat(file_of(store, ip), " is held by ", store.holder_of(ip)));
}

// The addresses of one attachment that nobody asked for by name.
class Choice {
public:
    Choice(LeaseStore& store, const Config& config, const AttachmentId& attachment)
        : store_(store),
          config_(config),
          attachment_(attachment),
          withheld_(withheld(config.sets, config.policy, config.owners)) {
        if (const Owner* owner = config.returning()) {
            // Each interface comes back to its own.
            returning_ = cat(owner->to_string(), " ", attachment.ifname);
            former_ = store.with_memory([&](Memory& memory) { return memory.had_by(returning_); });
        }
    }

    Ip claim(std::size_t number) {
        const RangeSet& set = config_.sets[number];
        if (const auto ip = claim_reserved(set)) return *ip;
        if (const auto ip = claim_former(set)) return *ip;
        Walk walk(store_, attachment_, config_.policy.cooldown);
        const auto ip = claim_by_strategy(walk, set, number);
        if (!ip) throw none_left(walk, set);
        remember(store_, number, *ip);
        return *ip;
    }

    /// Once nothing can fail any more.
    void keep_in_mind(const Ip& ip, const RangeSet& set) {
        if (returning_.empty())
            return store_.with_memory([&](Memory& memory) { memory.disown(ip); });
        std::vector<Ip> former;
        for (const Ip& each : former_)
            if (set.find(each)) former.push_back(each);
        store_.with_memory([&](Memory& memory) { memory.keep(returning_, ip, former); });
    }

private:
    bool is_withheld(const Ip& ip) const {
        return std::ranges::any_of(withheld_, [&](const Stretch& s) { return s.contains(ip); });
    }
    // No rest is kept from whom an address is reserved for, or from whom it was released by.
    std::optional<Ip> claim_reserved(const RangeSet& set) {
        for (const Reservation& each : config_.policy.reserved)
            if (set.find(each.ip) && contains(config_.owners, each.owner) && take(each.ip))
                return each.ip;
        return {};
    }
    std::optional<Ip> claim_former(const RangeSet& set) {
        for (const Ip& ip : former_)
            if (set.find(ip) && !is_withheld(ip) && take(ip)) return ip;
        return {};
    }
    bool take(const Ip& ip) { return store_.claim(ip, attachment_); }

    std::optional<Ip> claim_by_strategy(Walk& walk, const RangeSet& set, std::size_t number) {
        switch (config_.policy.strategy) {
            case Strategy::round_robin:
                return walk.claim_in(
                    without(set.round_robin(store_.dir().read_last_reserved(number)), withheld_));
            case Strategy::random:
                return claim_random(walk, set);
            case Strategy::lowest:
                store_.chart();
                break;
        }
        std::vector<Stretch> all = without(set.round_robin({}), withheld_);
        std::ranges::sort(all, {}, &Stretch::first);
        return walk.claim_in(all);
    }
    // Where many are taken, the next one behind a random place.
    std::optional<Ip> claim_random(Walk& walk, const RangeSet& set) {
        constexpr int attempts = 8;
        const std::vector<Stretch> all = without(set.round_robin({}), withheld_);
        std::optional<Ip> ip;
        for (int i = 0; i < attempts; ++i) {
            ip = random_of(all);
            if (!ip || walk.claim(*ip)) return ip;
        }
        return walk.claim_in(without(set.round_robin(ip), withheld_));
    }
    Error none_left(const Walk& walk, const RangeSet& set) const {
        if (const auto soonest = walk.soonest())
            return Error(Code::try_again_later, exhausted(set),
                         explain_rest(config_.policy, *soonest));
        return Error(Code::internal, exhausted(set), explain_exhaustion(store_, config_.policy));
    }

    LeaseStore& store_;
    const Config& config_;
    const AttachmentId& attachment_;
    const std::vector<Stretch> withheld_;
    std::string returning_;  // "" when nobody is
    std::vector<Ip> former_;
};

// The error of one set, as the reference plugin begins it.
Error of_set(std::size_t number, const Error& error) {
    return Error(error.code, cat("failed to allocate for range ", number, ": ", error.msg),
                 error.details);
}

void require_to_be_had(const Config& config, const RangeSet& set, const Ip& ip) {
    const auto refusal = [&](std::string_view problem, std::string details) {
        return Error(Code::internal, cat("requested ip ", ip.to_string(), " is ", problem),
                     std::move(details));
    };
    if (contains(gateways_of(config.sets), ip))
        throw refusal("subnet's gateway", cat("subnet ", set.find(ip)->subnet.to_string()));
    if (const Exclusion* exclusion = config.policy.find_excluded(ip))
        throw refusal("excluded", cat("key ", quote(exclusion->key)));
    const Reservation* reserved = config.policy.find_reserved(ip);
    if (reserved && !contains(config.owners, reserved->owner))
        throw refusal(cat("reserved for ", reserved->owner.to_string()),
                      cat("key ", quote(reserved->key)));
}

}  // namespace

std::vector<std::optional<Ip>> assign_requested(const Config& config) {
    std::vector<std::optional<Ip>> assigned;
    std::vector<Ip> left = config.requested;
    for (const RangeSet& set : config.sets) {
        const auto fits = std::ranges::find_if(left, [&](const Ip& ip) { return set.find(ip); });
        if (fits == left.end()) {
            assigned.emplace_back();
            continue;
        }
        try {
            require_to_be_had(config, set, *fits);
        } catch (const Error& error) {
            throw of_set(assigned.size(), error);
        }
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
    const auto requested = assign_requested(config);
    const std::vector<Lease> held = store.held_by(owner);
    const std::string text = lease_text(owner);
    Choice choice(store, config, owner);
    std::vector<IpConfig> ips;
    Undo undo;
    for (std::size_t i = 0; i < config.sets.size(); ++i) {
        const RangeSet& set = config.sets[i];
        try {
            if (!requested[i]) require_no_address(store, set, held);
            const Ip ip = requested[i] ? claim_requested(store, set, i, *requested[i], owner)
                                       : choice.claim(i);
            undo.on_failure(cat("release ", ip.to_string()), [&store, ip, text] {
                store.take_back({ip, text});
            });
            const Range& range = *set.find(ip);
            ips.push_back(
                {.address = {ip, range.subnet.length}, .gateway = range.gateway, .interface = {}});
        } catch (const Error& error) {
            throw of_set(i, error);
        }
    }
    undo.commit();
    for (std::size_t i = 0; i < ips.size(); ++i)
        choice.keep_in_mind(ips[i].address.ip, config.sets[i]);
    return ips;
}

std::string explain_rest(const Policy& policy, std::int64_t soonest) {
    return cat("the key \"ipam.cooldown\" lets addresses rest for ", policy.cooldown,
               " s behind their release; the first of them is to be had in ", soonest, " s");
}

std::string explain_exhaustion(const LeaseStore& store, const Policy& policy) {
    constexpr std::size_t most = 5;
    std::string text =
        cat("all addresses have a file in ", store.dir().path_of(""),
            "; DEL of attachments that are gone, or GC, releases what they still hold");
    if (!policy.excluded.empty() || !policy.reserved.empty())
        text = cat(text, "; ", withheld_by_policy);
    std::vector<std::string> names;
    for (const Ip& ip : store.ownerless())
        names.push_back(names.size() < most ? ip.to_string() : "...");
    if (names.empty()) return text;
    names.resize(std::min(names.size(), most + 1));
    return cat(text, "; ", join(names, ", "),
               " there are no leases: remove what is not kept on purpose");
}

}  // namespace cni::host_local
