#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cni/outlook.h"
#include "config.h"

namespace cni::host_local {

// The leases of a data directory for whoever looks at a node from outside: cnitool.

/// One lease file. What a crash leaves of one, which is free, is none.
struct LeaseView {
    std::string path;
    std::string data_dir;
    std::string network;
    Ip ip;
    /// Its ifname is empty in the old form. nullopt: the file is nobody's, and keeps its address.
    std::optional<AttachmentId> owner;
    std::int64_t since = 0;  ///< when it was made, in s since the epoch
    /// In which boot of this machine; `unknown` of those that this program did not make.
    enum class Boot { unknown, current, earlier } boot = Boot::unknown;
};

/// Sorted by address. Takes no lock and changes nothing: leases that are made or released meanwhile
/// may be among them or not. Throws Error for a directory that cannot be trusted or read.
std::vector<LeaseView> list_leases(const Location& location);

/// The networks that have a directory there, sorted. Throws SysError, Error(internal).
std::vector<std::string> list_networks(const std::string& data_dir);

/// What ADD would do, for `cnitool explain`: which addresses it would give now. Changes nothing.
/// Throws what ADD would.
void foresee(Outlook& outlook);

/// Removes the lease, under the lock of its network. False when the address is free by now or
/// somebody else's. Throws Error.
bool release(const LeaseView& lease);

}  // namespace cni::host_local
