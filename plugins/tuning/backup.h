#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attributes.h"
#include "cni/config.h"
#include "sysctl_name.h"

namespace cni::tuning {

/// What was there before the first ADD.
struct Backup {
    struct Parameter {
        std::string key;  ///< below /proc/sys: "net/ipv4/conf/eth0/forwarding"
        std::string value;
        bool operator==(const Parameter&) const = default;
    };
    std::string network = {};  ///< "" in files of the reference plugin
    Attributes attributes = {};
    std::vector<Parameter> sysctls = {};  ///< in the order they were changed, each once

    bool empty() const { return !attributes.any() && sysctls.empty(); }
    /// Keeps the value that is there.
    void add(const SysctlName& name, std::string value);
    /// The same for all that `later` has and this has not.
    void add(const Backup& later);

    /// The format of the reference plugin, with the network and the parameters under keys that it
    /// does not know and leaves alone.
    std::string print() const;
    /// `what` names the file. Throws Error(decoding_failure), also for a key that could lead out
    /// of /proc/sys/net.
    static Backup parse(const std::string& text, const std::string& what);
    bool operator==(const Backup&) const = default;
};

/// The name of a recorded parameter.
SysctlName name_of(const Backup::Parameter& parameter);

/// A backup's file, <data_dir>/<container>_<interface>.json.
class BackupFile {
public:
    BackupFile(std::string data_dir, const AttachmentId& attachment);

    /// nullopt without a file. Throws Error(decoding_failure) when it is garbled.
    std::optional<Backup> load() const;
    /// In one step; the directory is made when missing. Not synced: what it tells does not survive
    /// a reboot either.
    void save(const Backup& backup) const;
    /// With what a killed save left.
    void remove() const;

private:
    std::string path() const;
    std::string data_dir_, name_;
};

/// Removes the files of the network that belong to none of these attachments. A garbled file, and
/// one that names no network, is nobody's to remove but its attachment's.
void remove_stale_backups(const std::string& data_dir, const std::string& network,
                          const std::vector<AttachmentId>& valid);

}  // namespace cni::tuning
