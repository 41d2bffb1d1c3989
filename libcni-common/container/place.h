#pragma once

#include <cstdint>
#include <string>

#include "cni/json.h"
#include "cni/json_writer.h"
#include "container/container.h"

namespace cni {

/// The network namespace and the interface that something was recorded of. Names do not prove
/// either: paths, container ids and process ids are given anew, interfaces are made anew inside.
struct Place {
    std::string boot_id;
    std::uint64_t netns_cookie = 0;  ///< never given twice in a boot; 0 before Linux 5.14
    std::uint64_t netns_inode = 0;   ///< 0: nothing is known
    int ifindex = 0;                 ///< 0: there was no interface

    bool is_known() const { return netns_inode != 0; }
    /// Whether the namespaces are the same, by what both know.
    bool is_in(const Place& other) const;

    /// Among the members of an object; nothing of a place that is not known.
    void put(JsonWriter& out) const;
    /// What put() has put there. Throws ConfigError.
    static Place parse(const Json& json);
    bool operator==(const Place&) const = default;
};

/// Throws SysError.
Place place_of(const Container& container, int ifindex);

}  // namespace cni
