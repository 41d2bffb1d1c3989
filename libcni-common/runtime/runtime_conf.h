#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cni/config.h"
#include "cni/json.h"
#include "cni/result.h"

namespace cni {

/// What a runtime says about one attachment besides the network: who is attached, and how.
struct RuntimeConf {
    std::string container_id;
    std::string netns;  ///< path; empty when it is gone already
    std::string ifname;
    std::vector<std::pair<std::string, std::string>> args;  ///< CNI_ARGS, in order
    Json capability_args;  ///< object: capability to its value; null when there are none

    AttachmentId id() const { return {container_id, ifname}; }
    /// CNI_ARGS as plugins get it: "K=V;K=V".
    std::string args_text() const;
    /// Reads such text. Each item has exactly one "=" and two non-empty halves; else throws
    /// Error(invalid_environment). "" is none.
    static std::vector<std::pair<std::string, std::string>> parse_args(std::string_view text);
};

/// A result and the version it was made for, which is the one it is passed on in.
struct VersionedResult {
    Result result;
    std::string version;

    /// `json` without its own version is of `otherwise`. Throws as Result::parse.
    static VersionedResult parse(const Json& json, std::string_view otherwise);
    std::string print() const {
        return result.print_as_it_is(version, JsonWriter::Layout::indented);
    }
    std::string print_compact() const {
        return result.print_as_it_is(version, JsonWriter::Layout::compact);
    }
};

/// Throws Error(invalid_environment or invalid_config) unless container id, network name and
/// interface name may stand in file names and reach plugins.
void require_valid(std::string_view network, const RuntimeConf& conf);

}  // namespace cni
