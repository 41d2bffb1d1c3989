#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fd.h"

namespace cni {

/// Tap interfaces, which /dev/net/tun makes (linux/if_tun.h): rtnetlink makes none.

/// Opens the device. What is made with it lies in the network namespace of the thread that opens
/// it, whoever makes it. Throws SysError saying what to do.
Fd open_tun();

/// A tap to be made.
struct NewTap {
    std::string name;
    bool multi_queue = false;  ///< several programs, or threads, may attach
    /// Frames have a header of virtio before them. Whoever attaches decides it anew.
    bool has_virtio_header = false;
    std::optional<std::uint32_t> owner = {}, group = {};  ///< who may attach, besides root
};

/// Makes it, and attaches to it: it is gone with the descriptor unless keep_tap() is called. The
/// kernel labels it as it labels the calling process (SELinux). Returns 0, or an errno: EEXIST when
/// the name is taken.
int attach_tap(int tun, const NewTap& tap);

/// Gives it its owner and group, and lets it stay when the descriptor is closed. Throws SysError.
void keep_tap(int tun, const NewTap& tap);

}  // namespace cni
