#pragma once

#include <vector>

#include "boot_mark.h"
#include "lease_dir.h"
#include "lease_index.h"

namespace cni::host_local {

/// What is known when a directory is read anew.
struct ScanBasis {
    HashKey key = {};        ///< of the index to be
    std::uint64_t boot = 0;  ///< the current one
    BootMark mark = {};      ///< of the leases made in it
    /// The former index; its entries can spare reading the leases that have not changed.
    const LeaseIndex* former = nullptr;
    /// Leases changed before this moment (ns since the epoch) are spared.
    std::int64_t trusted_before = 0;
    /// The former index was written by this machine and no other uses the directory, so that leases
    /// it ascribes to an earlier boot are dead.
    bool knows_boots = false;
    /// Whether what is dead is removed, and not just passed over.
    bool removes = true;
};

/// Reads the directory of leases. What holds an address but nothing alive is removed: files without
/// content, leases of an earlier boot. The caller holds the lock, if it is to be.
std::vector<IndexEntry> scan(const LeaseDir& dir, const ScanBasis& basis);

}  // namespace cni::host_local
