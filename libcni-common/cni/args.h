#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cni {

/// "" when it is not set.
std::string environment_variable(const char* name);

/// The parameters a runtime passes in the environment (specification, section 2 "Parameters").
struct Args {
    std::string command;
    std::string container_id;
    std::string netns;
    std::string ifname;
    std::string cni_args;
    std::string path;              ///< CNI_PATH as given
    bool allow_own_netns = false;  ///< CNI_NETNS_OVERRIDE

    /// Reads the environment; validates nothing.
    static Args from_environment();
};

/// Letters, digits, "_", ".", "-", the first one a letter or digit: container ids, network names.
bool is_valid_identifier(std::string_view text);

/// The rules of the specification for CNI_IFNAME. Throws Error(invalid_environment).
void require_valid_ifname(std::string_view name);
/// A non-empty name by the same rules.
bool is_ifname(std::string_view name);

/// CNI_ARGS: "K=V;K=V". `known` are the keys the plugin understands besides IgnoreUnknown; others
/// throw Error(invalid_environment) unless IgnoreUnknown says otherwise. Repeated keys: last wins.
std::map<std::string, std::string> parse_cni_args(std::string_view text,
                                                  std::span<const std::string_view> known);
/// The same for DEL and GC, and for who takes whatever keys there are: what cannot be understood is
/// left out, nothing throws. The first "=" ends the key: a value may have others.
std::map<std::string, std::string> parse_cni_args_leniently(std::string_view text);

}  // namespace cni
