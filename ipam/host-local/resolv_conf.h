#pragma once

#include <string>
#include <string_view>

#include "cni/result.h"

namespace cni::host_local {

/// The nameserver, domain, search and options lines of a resolver configuration: see
/// resolv.conf(5). Nothing is validated; keywords are case-sensitive.
Dns parse_resolv_conf(std::string_view text);

/// The same of a file; nothing for the path "". Throws SysError when it cannot be read.
Dns read_resolv_conf(const std::string& path);

}  // namespace cni::host_local
