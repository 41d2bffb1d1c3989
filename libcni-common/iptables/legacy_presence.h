#pragma once

#include <string_view>

#include "net/ip.h"

/// Which of the legacy tables there are, as far as we may look: /proc/net/ip_tables_names belongs
/// to nobody where a network namespace was made ahead of its user namespace's mappings.
namespace cni::ipt {

/// Whether one, of either family, holds a rule or a chain besides the built-in ones. Loads none.
/// Where we may not look, none does.
bool is_legacy_in_use();

/// Whether the table is loaded. Where we may not look, whether it holds a rule or a chain: the
/// kernel loads it to tell.
bool has_legacy_table(Family family, std::string_view table);

}  // namespace cni::ipt
