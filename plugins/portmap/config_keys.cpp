#include <limits>

#include "conditions.h"
#include "config.h"

namespace cni::portmap {
namespace {

void parse_mark(Config& config, const Json& json) {
    const std::string chain = json.string_or("externalSetMarkChain", "");
    const auto bit = json.find("markMasqBit");
    if (!chain.empty() && bit)
        throw Error(Code::invalid_config, "Cannot specify externalSetMarkChain and markMasqBit");
    if (!chain.empty()) config.external_mark_chain = chain;
    if (chain.size() > max_chain_name)
        throw Error(Code::invalid_config,
                    cat("\"externalSetMarkChain\" is longer than ", max_chain_name, " bytes"),
                    chain);
    constexpr std::int64_t any_number = std::numeric_limits<std::int64_t>::max();
    const std::int64_t number = json.int_or("markMasqBit", -any_number, any_number, 13);
    if (number < 0 || number > 31)
        throw Error(Code::invalid_config, "MasqMarkBit must be between 0 and 31",
                    cat("\"markMasqBit\" is ", number));
    config.mark_bit = static_cast<std::uint8_t>(number);
}

/// The keys that only one of the backends understands.
struct SpecificKeys {
    std::vector<std::string> iptables, nftables;
};

SpecificKeys specific_keys(const Json& json) {
    SpecificKeys keys;
    if (!json.string_or("externalSetMarkChain", "").empty())
        keys.iptables.push_back("externalSetMarkChain");
    for (const char* key : {"conditionsV4", "conditionsV6"}) {
        const auto language = language_of(json.string_list(key));
        if (language == Language::iptables) keys.iptables.push_back(key);
        if (language == Language::nftables) keys.nftables.push_back(key);
    }
    return keys;
}

void require_none(const std::vector<std::string>& keys, const char* backend, const char* other) {
    if (!keys.empty())
        throw Error(Code::invalid_config,
                    cat(backend, " backend was requested but configuration contains ", other,
                        "-specific options [", join(keys, " "), "]"));
}

std::optional<std::string> parse_backend(const Json& json) {
    const std::string name = json.string_or("backend", "");
    const SpecificKeys keys = specific_keys(json);
    if (name == "iptables") {
        require_none(keys.nftables, "iptables", "nftables");
    } else if (name == "nftables") {
        require_none(keys.iptables, "nftables", "iptables");
    } else if (!name.empty()) {
        throw Error(Code::invalid_config, cat("unrecognized backend ", quote(name)),
                    "known are \"iptables\" and \"nftables\"");
    } else if (!keys.iptables.empty()) {
        require_none(keys.nftables, "iptables", "nftables");
        return "iptables";
    } else if (!keys.nftables.empty()) {
        return "nftables";
    }
    if (name.empty()) return {};
    return name;
}

}  // namespace

Config parse_keys(const Json& json) {
    Config config;
    config.snat = json.bool_or("snat", true);
    config.masq_all = json.bool_or("masqAll", false) && config.snat;
    parse_mark(config, json);
    config.backend = parse_backend(json);
    config.conditions_v4 = parse_conditions(json, "conditionsV4", Family::v4);
    config.conditions_v6 = parse_conditions(json, "conditionsV6", Family::v6);
    return config;
}

}  // namespace cni::portmap
