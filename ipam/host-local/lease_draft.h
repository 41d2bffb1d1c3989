#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lease_dir.h"

namespace cni::host_local {

/// A lease that is written but has no address yet, so that it appears complete or not at all. Not
/// synced to disk: after a loss of power every lease is dead anyhow.
class LeaseDraft {
public:
    /// `dir` must outlive the draft. `mtime`, in ns since the epoch, is given to the file
    /// (BootMark).
    LeaseDraft(const LeaseDir& dir, std::string_view text, std::optional<std::int64_t> mtime);
    LeaseDraft(const LeaseDraft&) = delete;
    LeaseDraft& operator=(const LeaseDraft&) = delete;
    ~LeaseDraft();

    /// Makes it the lease of an address, once; nullopt when the address is taken.
    std::optional<FileStamp> publish(const Ip& ip);

    /// Removes what a killed process left.
    static void remove_leftover(const LeaseDir& dir);

private:
    void write_named();
    void write_content();
    int link(const char* name) const;
    int rename(const Ip& ip);
    void remove_name();

    const LeaseDir& dir_;
    const std::string text_;
    const std::optional<std::int64_t> mtime_;
    Fd file_;
    bool named_ = false;
};

}  // namespace cni::host_local
