#include "config.h"

#include <limits>

namespace cni::bandwidth {
namespace {

// The kernel counts bytes, of a burst in 32 bits.
constexpr std::uint64_t bits_of_a_byte = 8;
constexpr std::uint64_t most_burst = std::numeric_limits<std::uint32_t>::max() * bits_of_a_byte - 1;

/// A number of a configuration, and where it stands.
struct Amount {
    std::optional<Json> json;
    std::uint64_t bits = 0;  ///< 0 also where there is none

    std::string name() const { return quote(json->path()); }
    ConfigError error(std::string_view problem, std::string details = {}) const {
        return ConfigError(*json, cat(name(), ": ", problem), std::move(details));
    }
};

Amount parse_amount(const Json& source, std::string_view key) {
    Amount amount{source.find(key)};
    if (!amount.json) return amount;
    if (amount.json->is_string())
        throw amount.error("must be a number, not text",
                           "of bits: 100000000 is what is also written 100M");
    amount.bits = static_cast<std::uint64_t>(
        amount.json->as_int(0, std::numeric_limits<std::int64_t>::max()));
    return amount;
}

void require_a_byte(const Amount& amount) {
    if (amount.bits < bits_of_a_byte)
        throw amount.error("must be at least 8, which is one byte", cat("it is ", amount.bits));
}

std::optional<Limit> parse_limit(const Json& source, std::string_view rate_key,
                                 std::string_view burst_key) {
    const Amount rate = parse_amount(source, rate_key), burst = parse_amount(source, burst_key);
    if (rate.bits == 0 && burst.bits == 0) return {};
    if (burst.bits == 0)
        throw rate.error("if rate is set, burst must also be set", cat("by ", quote(burst_key)));
    if (rate.bits == 0)
        throw burst.error("if burst is set, rate must also be set", cat("by ", quote(rate_key)));
    if (burst.bits > most_burst)
        throw burst.error("burst cannot be more than 4GB",
                          cat(burst.bits, " bits are more than ", most_burst));
    require_a_byte(rate);
    require_a_byte(burst);
    return Limit{.rate = rate.bits, .burst = burst.bits};
}

Config parse_limits(const Json& source) {
    return {.ingress = parse_limit(source, "ingressRate", "ingressBurst"),
            .egress = parse_limit(source, "egressRate", "egressBurst")};
}

}  // namespace

Config parse_config(const NetConf& conf) {
    Config config = parse_limits(conf.json);
    const auto runtime = conf.runtime_config("bandwidth");
    if (!runtime) return config;
    const Config asked = parse_limits(runtime->require_object());
    if (!config.ingress) config.ingress = asked.ingress;
    if (!config.egress) config.egress = asked.egress;
    return config;
}

Error no_host_end(const std::string& ifname) {
    return Error(Code::invalid_config,
                 cat("container interface ", ifname, " has no veth peer on the host"),
                 "what can be limited are pairs of interfaces, as bridge and ptp make them");
}

}  // namespace cni::bandwidth
