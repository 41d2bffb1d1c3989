#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cni/json.h"
#include "cni/json_writer.h"
#include "net/ip.h"
#include "net/route.h"

namespace cni {

/// The result of an ADD in the model of specification 1.1.0; every older shape is read into it and
/// printed from it. Empty strings and zeros mean "not set".
struct Interface {
    std::string name;
    std::string mac;
    std::uint32_t mtu = 0;  ///< bytes
    std::string sandbox;    ///< path of the network namespace; empty on the host
    std::string socket_path;
    std::string pci_id;
    bool operator==(const Interface&) const = default;
};

struct IpConfig {
    Prefix address;
    std::optional<Ip> gateway;
    std::optional<int> interface;  ///< index into Result::interfaces
    bool operator==(const IpConfig&) const = default;
};

struct Dns {
    std::vector<std::string> nameservers;
    std::string domain;
    std::vector<std::string> search;
    std::vector<std::string> options;
    bool empty() const {
        return nameservers.empty() && domain.empty() && search.empty() && options.empty();
    }
    bool operator==(const Dns&) const = default;
};

struct Result {
    std::vector<Interface> interfaces;
    std::vector<IpConfig> ips;
    std::vector<Route> routes;  ///< of which only what the specification has keys for is printed
    Dns dns;
    bool operator==(const Result&) const = default;

    std::vector<Prefix> addresses() const;
    /// Whether the address is of interface `ifname` of the container, or of none that is named.
    bool is_of_container(const IpConfig& ip, std::string_view ifname) const;

    /// Reads a result of any supported version. `json` without "cniVersion" is of `version`.
    /// Throws Error(decoding_failure, incompatible_version or invalid_config).
    static Result parse(const Json& json, std::string_view version);

    /// The text printed for `version` (a supported one), indented by 4, without a final newline.
    /// Throws Error(invalid_config) when that version cannot express it: 0.1 and 0.2 need an
    /// address.
    std::string print(std::string_view version) const;
    /// The same on one line.
    std::string print_compact(std::string_view version) const;
    /// The same of a result that somebody else printed in this version: one of 0.1 or 0.2 may have
    /// no address.
    std::string print_as_it_is(std::string_view version, JsonWriter::Layout layout) const;
    /// Throws the error print would throw: to be called before anything is changed.
    void require_printable(std::string_view version) const;
};

/// The addresses of interface `ifname` of the container; nullopt when the prevResult, if there is
/// one, tells none.
std::optional<std::vector<Prefix>> known_addresses(const std::optional<Result>& prev_result,
                                                   std::string_view ifname);

/// A route or a dns object as configurations write them.
Route parse_route(const Json& json);
Dns parse_dns(const Json& json);

}  // namespace cni
