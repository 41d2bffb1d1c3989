#pragma once

#include <chrono>

#include "iptables/table.h"

/// The legacy flavour of what table.h promises, over libiptc.
namespace cni::ipt {

/// Waits for the lock of iptables for up to `limit`.
void change_legacy(TableId id, const std::function<void(Table&)>& body,
                   std::chrono::milliseconds limit = std::chrono::seconds(30));
bool legacy_has_table(TableId id);
std::optional<std::string> legacy_problem(TableId id);

}  // namespace cni::ipt
