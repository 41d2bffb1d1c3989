#pragma once

#include <string>

namespace cni::firewall {

/// Whether no container can be on a bridge of the host: it has no port but `port`, or there is no
/// link of its name.
bool is_deserted(const std::string& bridge, const std::string& port);

}  // namespace cni::firewall
