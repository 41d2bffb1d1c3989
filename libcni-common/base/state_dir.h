#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/fd.h"

namespace cni {

// Directories in which one call leaves something for a later one (leases, backups, results). What
// is found there is believed, so only root and the calling user may be able to put it there:
//
// - the directory belongs to one of the two, and neither its group, unless that is root's, nor
//   others may write to it;
// - on the way to it a symbolic link is followed only where others could not have planted it, and
//   in a directory of state none is.
//
// Anything else is refused with an Error(internal) that names what is wrong.

enum class Holds {
    files,
    /// Directories of state: then it may be anybody's, and all may write to it if they cannot take
    /// each other's entries (/tmp).
    directories,
};

/// nullopt when there is none. Throws SysError as well.
std::optional<Fd> find_state_dir(const std::string& path, Holds holds);
/// Made with its parents when missing (`mode` for what is made).
Fd open_state_dir(const std::string& path, Holds holds, mode_t mode);

/// The entry `name` of a directory that holds directories, itself one that holds files; `path` is
/// how messages call it.
std::optional<Fd> find_state_dir_in(const Fd& parent, const std::string& name,
                                    const std::string& path);
Fd open_state_dir_in(const Fd& parent, const std::string& name, const std::string& path,
                     mode_t mode);

}  // namespace cni
