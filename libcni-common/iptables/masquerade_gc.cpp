#include <algorithm>
#include <map>
#include <set>

#include "iptables/masquerade.h"
#include "iptables/masquerade_identity.h"

namespace cni::ipt {
namespace {

using masquerading::Identity;
using masquerading::postrouting;

/// Removes the rules of a network that belong to none of its valid owners.
class Collection {
public:
    Collection(Table& table, const std::string& network, const std::vector<Owner>& valid)
        : table_(table), prefix_(masquerading::comment_prefix(network)) {
        for (const Owner& owner : valid) {
            const Identity identity({network, owner.container_id, owner.ifname});
            for (const std::string& comment : identity.comments()) comments_.insert(comment);
            seals_.insert(identity.seal);
        }
    }

    void run() {
        for (const Rule& rule : table_.rules(postrouting)) note(rule);
        for (auto& [chain, use] : uses_)
            if (!use.comments.empty()) drop_valid(chain, use);
        table_.remove(postrouting, [&](const Rule& rule) {
            const auto* jump = std::get_if<Jump>(&rule.target);
            if (!jump) return false;
            const auto use = uses_.find(jump->chain);
            return use != uses_.end() && use->second.comments.contains(rule.comment());
        });
        for (const auto& [chain, use] : uses_) clear(chain, use);
    }

private:
    /// What jumps to a chain.
    struct Use {
        std::set<std::string> comments;  ///< of our network; then only of what is stale
        bool has_others = false;
    };

    void note(const Rule& rule) {
        const auto* jump = std::get_if<Jump>(&rule.target);
        if (!jump || !jump->chain.starts_with(masquerading::chain_prefix)) return;
        Use& use = uses_[jump->chain];
        std::string comment = rule.comment();
        if (comment.starts_with(prefix_))
            use.comments.insert(std::move(comment));
        else
            use.has_others = true;
    }

    void drop_valid(const std::string& chain, Use& use) {
        const auto dropped = std::erase_if(
            use.comments, [&](const std::string& comment) { return comments_.contains(comment); });
        if (dropped == 0) return;
        // Of a valid container: the seal tells whether it is of a valid interface as well.
        const std::vector<Rule> rules = table_.rules(chain);
        const bool is_sealed =
            std::ranges::any_of(rules, [](const Rule& rule) { return seal_of(rule).has_value(); });
        const bool is_valid = std::ranges::any_of(rules, [&](const Rule& rule) {
            const auto seal = seal_of(rule);
            return seal && seals_.contains(*seal);
        });
        if (is_sealed && !is_valid)
            for (const Rule& rule : table_.jumps(postrouting, chain))
                if (rule.comment().starts_with(prefix_)) use.comments.insert(rule.comment());
        use.has_others = use.has_others || !is_sealed || is_valid;
    }

    void clear(const std::string& chain, const Use& use) {
        if (use.comments.empty()) return;
        if (!use.has_others) return table_.remove_chain(chain);
        table_.remove(chain, [&](const Rule& rule) {
            const auto seal = seal_of(rule);
            return use.comments.contains(rule.comment()) && !(seal && seals_.contains(*seal));
        });
    }

    Table& table_;
    const std::string prefix_;
    std::set<std::string> comments_;
    std::set<Seal> seals_;
    std::map<std::string, Use> uses_;
};

}  // namespace

void gc_masquerade(Table& table, const std::string& network, const std::vector<Owner>& valid) {
    Collection(table, network, valid).run();
}

}  // namespace cni::ipt
