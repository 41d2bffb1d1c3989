#pragma once

#include <optional>
#include <vector>

#include "lease_store.h"
#include "stretch.h"

namespace cni::host_local {

/// Takes the first address that is free and does not rest, of stretches in their order. Of one
/// attachment, for as many stretches as it takes.
class Walk {
public:
    /// `cooldown` in s.
    Walk(LeaseStore& store, const AttachmentId& owner, std::int64_t cooldown)
        : store_(store), owner_(owner), cooldown_(cooldown) {}

    std::optional<Ip> claim_in(const std::vector<Stretch>& stretches);
    /// One alone.
    bool claim(const Ip& ip);
    /// Of the free addresses that were passed over since they rest, when the first is to be had: in
    /// s from now, not 0. nullopt when none was.
    std::optional<std::int64_t> soonest() const { return soonest_; }

private:
    std::optional<Ip> claim_in_each(const std::vector<Stretch>& stretches);
    std::optional<Ip> claim_in(const Stretch& stretch);
    std::optional<Ip> candidate(const Ip& from, const Stretch& stretch);
    bool is_out_of_reach(const Ip& ip);
    void pass_over(std::int64_t rest);
    std::int64_t rest_left(const Ip& ip);
    void read_all();

    LeaseStore& store_;
    const AttachmentId& owner_;
    const std::int64_t cooldown_;
    bool uses_map_ = true;
    int refused_ = 0, asked_ = 0;
    std::optional<std::vector<Ip>> taken_;
    std::optional<std::int64_t> soonest_;
};

}  // namespace cni::host_local
