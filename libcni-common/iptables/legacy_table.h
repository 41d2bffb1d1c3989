#pragma once

#include <chrono>

#include "iptables/table.h"

/// The legacy flavour of what table.h promises, over libiptc.
namespace cni::ipt {

/// Waits for the lock of iptables for up to `limit`.
void change_legacy(Family family, const std::function<void(Table&)>& body,
                   TableName name = TableName::nat,
                   std::chrono::milliseconds limit = std::chrono::seconds(30));
bool legacy_has_table(Family family, TableName name);
std::optional<std::string> legacy_problem(Family family);

}  // namespace cni::ipt
