#include "base/error.h"
#include "iptables/legacy_table.h"
#include "iptables/legacy_view.h"

/// In the place of legacy_table.cpp and legacy_view.cpp, where cnixx was built without libiptc.
namespace cni::ipt {
namespace {

constexpr std::string_view problem_text =
    "these plugins were built without iptables' legacy tables, which this host uses";
constexpr std::string_view remedy =
    "let the host use iptables-nft, ask for the backend \"nftables\", or build them where libiptc "
    "is";

}  // namespace

void change_legacy(TableId, const std::function<void(Table&)>&, std::chrono::milliseconds) {
    throw Error(Code::plugin_not_available, std::string(problem_text), std::string(remedy));
}

// What is not there for us holds no rules of ours.
bool legacy_has_table(TableId) {
    return false;
}

std::optional<std::string> legacy_problem(TableId) {
    return cat(problem_text, ": ", remedy);
}

std::unique_ptr<LegacyView> view_legacy(TableId) {
    return {};
}

}  // namespace cni::ipt
