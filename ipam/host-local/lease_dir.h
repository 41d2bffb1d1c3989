#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "boot_mark.h"
#include "config.h"
#include "net/ip.h"

namespace cni::host_local {

FileStamp stamp_of(const struct stat& status);

struct LeaseFile {
    FileStamp stamp;
    /// nullopt when it is no regular file, is too large for a lease or cannot be read.
    std::optional<std::string> content;
};

/// The directory of a network's leases: `<ip>` files, `lock` and `last_reserved_ip.<n>`, as the
/// reference plugin lays them out. Symbolic links in it are never followed, and nothing but a
/// regular file is read. A directory that others could tamper with is refused, see
/// base/state_dir.h. Errors name the file.
class LeaseDir {
public:
    /// nullopt when there is none.
    static std::optional<LeaseDir> find(const Location& location);
    /// Made, with its parents, when missing.
    static LeaseDir make(const Location& location);
    /// That one or, when there is none, an object that says that nothing is in it.
    static LeaseDir find_or_empty(const Location& location);

    int fd() const { return dir_.get(); }
    /// Of the directory that holds it.
    int parent() const { return parent_.get(); }
    const std::string& network() const { return location_.network; }
    std::string path_of(std::string_view name) const;

    /// Opens `lock`, made when missing.
    Fd open_lock() const;

    /// ns since the epoch
    std::int64_t mtime() const;
    /// False when it could not be set.
    bool set_mtime(std::int64_t ns) const;

    /// Every address that has an entry, whatever it is.
    std::vector<Ip> addresses() const;
    /// nullopt when there is none. Throws SysError when it cannot be looked at for the moment
    /// (base/passing.h).
    std::optional<FileStamp> stamp(const Ip& ip) const;
    std::optional<LeaseFile> load(const Ip& ip) const;
    /// The content alone; nullopt also when there is no such file.
    std::optional<std::string> read(const Ip& ip) const;
    void remove(const Ip& ip) const;
    /// Nobody has ever locked it, and no address has an entry.
    bool is_unused() const;

    /// The address that was given last from a range set; nullopt when unknown.
    std::optional<Ip> read_last_reserved(std::size_t set) const;
    void write_last_reserved(std::size_t set, const Ip& ip) const;

private:
    LeaseDir(Location location, Fd parent, Fd dir)
        : location_(std::move(location)), parent_(std::move(parent)), dir_(std::move(dir)) {}
    std::optional<FileStamp> stamp(const std::string& name) const;
    std::optional<LeaseFile> load(const std::string& name) const;

    Location location_;
    Fd parent_, dir_;
};

}  // namespace cni::host_local
