#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cni/json.h"
#include "cni/result.h"

namespace cni {

/// One container interface, as GC lists name it.
struct AttachmentId {
    std::string container_id;
    std::string ifname;
    auto operator<=>(const AttachmentId&) const = default;
};

/// What every plugin finds in the configuration on stdin.
struct NetConf {
    std::string text;         ///< stdin, byte for byte: what delegates get
    Json json;                ///< the same, parsed
    std::string cni_version;  ///< "0.1.0" when absent
    std::string name;         ///< network name, validated

    /// Validates `name` and nothing else: the rest waits until the version is known to be spoken.
    /// Throws Error(decoding_failure or invalid_config).
    static NetConf parse(std::string text);

    /// "ipam.type"; "" without IPAM.
    std::string ipam_type() const;
    /// "mtu" in bytes; 0 leaves it to the kernel, as zero, less, and none do. Throws ConfigError.
    std::uint32_t mtu() const;
    /// "dns", when it holds a list (even an empty one) or a domain; nullopt leaves it to others.
    std::optional<Dns> dns() const;

    /// The result of the plugins before; nullopt when there is none. It must be of the shape of the
    /// configuration's version. Throws Error(decoding_failure or invalid_config).
    std::optional<Result> prev_result() const;
    /// Likewise; throws Error(invalid_config) when there is none.
    Result require_prev_result() const;
    /// Like prev_result; nullopt when it cannot be read: DEL must not depend on it.
    std::optional<Result> prev_result_if_readable() const;

    /// "cni.dev/valid-attachments": nullopt when the key is absent (no information), an empty list
    /// when it is null or empty (nothing is valid). Throws Error(invalid_config).
    std::optional<std::vector<AttachmentId>> valid_attachments() const;

    /// runtimeConfig.<key>, args.cni.<key>.
    std::optional<Json> runtime_config(std::string_view key) const;
    std::optional<Json> cni_args_config(std::string_view key) const;
};

}  // namespace cni
