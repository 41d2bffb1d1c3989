// Ahead of the kernel's headers, which define the same things unless it came first.
#include <net/if.h>

#include "iptables/legacy_view.h"

#include "iptables/legacy_entry.h"
#include "iptables/legacy_library.h"
#include "iptables/legacy_presence.h"

namespace cni::ipt {
namespace {

template <typename Lib>
class View final : public LegacyView {
public:
    explicit View(TableName name) : handle_(open_table<Lib>(to_string(name))) {}

    std::optional<Verdict> policy(const std::string& base_chain) override {
        xt_counters counters{};
        const Label label(base_chain);
        if (!Lib::is_builtin(label, handle_.get())) return {};
        const char* policy = Lib::policy(label, &counters, handle_.get());
        if (!policy) return {};
        return policy == std::string_view("DROP") ? Verdict::drop : Verdict::accept;
    }

    std::vector<Rule> rules(const std::string& chain) override {
        std::vector<Rule> out;
        const Label label(chain);
        if (!Lib::is_chain(label, handle_.get())) return out;
        for (const auto* entry = Lib::first_rule(label, handle_.get()); entry;
             entry = Lib::next_rule(entry, handle_.get()))
            out.push_back(from_entry(*entry, label_of_target<Lib>(*entry, handle_.get())));
        return out;
    }

private:
    TableHandle<Lib> handle_;
};

}  // namespace

std::unique_ptr<LegacyView> view_legacy(TableId id) {
    if (!has_legacy_table(id.family, to_string(id.name))) return {};
    if (id.family == Family::v4) return std::make_unique<View<Ip4tc>>(id.name);
    return std::make_unique<View<Ip6tc>>(id.name);
}

}  // namespace cni::ipt
