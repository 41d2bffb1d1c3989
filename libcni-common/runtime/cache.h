#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "runtime/netconf.h"
#include "runtime/runtime_conf.h"

namespace cni {

/// The attachments a runtime has made, one file each in <base>/results, in the format of the
/// reference library: CHECK and DEL get the result of ADD back from it, GC learns what there is.
/// Nothing locks it: a runtime runs one operation on an attachment at a time.
class ResultCache {
public:
    /// `base` is /var/lib/cni except in tests. Nothing is made before the first store.
    explicit ResultCache(const std::string& base) : dir_(cat(base, "/results")) {}

    /// Replaces the entry of this attachment in one step. Throws SysError.
    void store(const NetworkList& list, const RuntimeConf& conf,
               const VersionedResult& result) const;

    /// The result of ADD in the list's current version; nullopt when there is none that can be
    /// read. Throws Error when there is a file and its content makes no sense.
    std::optional<VersionedResult> load(const NetworkList& list, const RuntimeConf& conf) const;

    /// No-op when there is none. Throws SysError.
    void remove(const NetworkList& list, const RuntimeConf& conf) const;

    /// Every attachment to `network`, in the order of file names, with the arguments of its ADD.
    /// Files that are no entries are left out. Throws SysError.
    std::vector<RuntimeConf> attachments(std::string_view network) const;

private:
    std::optional<std::string> read(const std::string& file) const;
    std::string dir_;
};

}  // namespace cni
