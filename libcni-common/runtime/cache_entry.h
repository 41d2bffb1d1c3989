#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "cni/json.h"
#include "runtime/runtime_conf.h"

namespace cni {

// The files of a result cache, as libcni and whoever uses it write them: runtime/cache.h.

constexpr std::string_view cache_entry_kind = "cniCacheV1";

/// Else it is none, or the result alone, as libcni wrote it before there were entries.
bool is_cache_entry(const Json& json);

/// Whose entry it is, with the arguments of its ADD; what is missing is empty, nothing is
/// validated. Throws ConfigError.
RuntimeConf read_cache_entry(const Json& entry);

/// The result in an entry, or the file itself where it is none; null without one.
Json cached_result(const Json& json);

/// The content of a file; nullopt when there is none. Throws SysError, also for a symbolic link,
/// Error(io_failure) for more than any entry holds. `path` is for messages.
std::optional<std::string> read_cache_file(const Fd& dir, const std::string& name,
                                           const std::string& path);

}  // namespace cni
