#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bytes.h"

namespace cni::dhcp {

/// Whether the name may stand in a resolv.conf: labels of 1 to 63 letters, digits, "-" and "_", no
/// more than 253 characters, no dot at its end.
bool is_domain_name(std::string_view name);

/// The names of a list as RFC 1035, 4.1.4, compresses them: pointers lead backwards, within the
/// list. nullopt if anything of it is wrong, a name too.
std::optional<std::vector<std::string>> parse_domains(View list);

}  // namespace cni::dhcp
