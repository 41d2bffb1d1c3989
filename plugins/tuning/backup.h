#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attributes.h"
#include "cni/config.h"
#include "container/place.h"
#include "sysctl_name.h"

namespace cni::tuning {

/// What was there before the first ADD.
struct Backup {
    struct Parameter {
        std::string key;  ///< below /proc/sys: "net/ipv4/conf/eth0/forwarding"
        std::string value;
        bool operator==(const Parameter&) const = default;
    };
    std::string network = {};      ///< "" in files of the reference plugin
    AttachmentId attachment = {};  ///< empty in those, and in files of cnixx 0.1.0
    Place place = {};              ///< unknown in both
    std::string netns = {};        ///< where `place` was then; it may be another one's now
    Attributes attributes = {};
    std::vector<Parameter> sysctls = {};  ///< in the order they were changed, each once

    bool empty() const { return !attributes.any() && sysctls.empty(); }
    /// Keeps the value that is there.
    void add(const SysctlName& name, std::string value);
    /// The same for all that `later` has and this has not. Whose it is, and of what, is as `later`
    /// has it.
    void add(const Backup& later);
    /// What of this is still true at `now`: nothing in another namespace, and only what belongs to
    /// the namespace when the interface is another one.
    Backup still_true(const Place& now) const;
    /// Without what belongs to the interface.
    void forget_interface();

    /// The format of the reference plugin, with the rest under keys that it does not know and
    /// leaves alone.
    std::string print() const;
    /// `what` names the file. Throws Error(decoding_failure), also for a key that could lead out
    /// of /proc/sys/net.
    static Backup parse(const std::string& text, const std::string& what);
    bool operator==(const Backup&) const = default;
};

/// The name of a recorded parameter.
SysctlName name_of(const Backup::Parameter& parameter);
/// Whether it is one of an interface of this name.
bool is_of_interface(const Backup::Parameter& parameter, const std::string& ifname);

/// The file of an attachment's backup. It is called <container>_<interface>.json, as the reference
/// plugin calls it, which may be another attachment's name, too, or longer than a name may be; then
/// it is called after a hash. Whose it is, it says itself.
class BackupFile {
public:
    BackupFile(std::string data_dir, AttachmentId attachment);

    /// nullopt without a file of this attachment. Throws Error(decoding_failure) when it is
    /// garbled.
    std::optional<Backup> load() const;
    /// In one step; the directory is made when missing. Not synced: what it tells does not survive
    /// a reboot either.
    void save(const Backup& backup) const;
    /// With what a killed save left; a garbled file as well.
    void remove() const;

private:
    std::string data_dir_;
    AttachmentId attachment_;
};

/// Removes the files of the network that belong to none of these attachments, each after `put_back`
/// was called with it, and what killed saves left. A garbled file, and one that names no network,
/// is nobody's to remove but its attachment's. All is tried; throws what went wrong.
void remove_stale_backups(const std::string& data_dir, const std::string& network,
                          const std::vector<AttachmentId>& valid,
                          const std::function<void(const Backup&)>& put_back);

}  // namespace cni::tuning
