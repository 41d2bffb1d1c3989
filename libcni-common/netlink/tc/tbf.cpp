#include "netlink/tc/tbf.h"

#include <linux/pkt_sched.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace cni {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();

std::uint32_t clamp(std::uint64_t value) {
    return static_cast<std::uint32_t>(std::min(value, most));
}

// PSCHED_SHIFT, include/net/pkt_sched.h.
constexpr int tick_shift = 6;
constexpr std::uint64_t nanoseconds = 1'000'000'000;

/// How long the bucket takes to fill.
std::uint64_t ticks_of(const Tbf& tbf) {
    return tbf.burst * nanoseconds / tbf.rate >> tick_shift;
}

// The kernel's arithmetic has 31 significant bits (psched_ratecfg_precompute(),
// net/sched/sch_generic.c), that of the reference plugin goes by microseconds.
bool is_about(std::uint32_t told, std::uint64_t ticks) {
    constexpr std::uint64_t microsecond = 16;
    const auto off = static_cast<std::int32_t>(told - static_cast<std::uint32_t>(ticks));
    return static_cast<std::uint64_t>(std::abs(std::int64_t{off})) <= microsecond + (ticks >> 30);
}

}  // namespace

TbfSettings TbfSettings::parse(const nlattr* settings) {
    const NlAttributes<TCA_TBF_MAX> attributes(settings);
    const auto* parameters = attributes.get<tc_tbf_qopt>(TCA_TBF_PARMS);
    if (!parameters) return {};
    return {.rate = attributes.get_or<std::uint64_t>(TCA_TBF_RATE64, parameters->rate.rate),
            .limit = parameters->limit,
            .ticks = parameters->buffer};
}

void Tbf::put(NlMessage& message) const {
    tc_tbf_qopt parameters{};
    parameters.rate.linklayer = TC_LINKLAYER_ETHERNET;
    parameters.rate.rate = clamp(rate);
    parameters.limit = limit;
    parameters.buffer = clamp(ticks_of(*this));
    message.put(TCA_TBF_PARMS, &parameters, sizeof parameters);
    if (rate > most) message.put(TCA_TBF_RATE64, &rate, sizeof rate);
    message.put_u32(TCA_TBF_BURST, burst);
}

bool Tbf::is_told_as(const TbfSettings& told) const {
    const std::uint64_t ticks = ticks_of(*this);
    return told.rate == rate && told.limit == limit &&
           (is_about(told.ticks, ticks) ||
            is_about(told.ticks, std::min(ticks, most >> tick_shift)));
}

}  // namespace cni
