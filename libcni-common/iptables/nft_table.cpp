#include "iptables/nft_table.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/contains.h"
#include "iptables/extensions.h"
#include "iptables/nft_base_chains.h"
#include "iptables/nft_rule_codec.h"
#include "netfilter/nft_match.h"
#include "netfilter/optimistic_commit.h"

namespace cni::ipt {
namespace {

nft::Table table_of(TableId id) {
    return {nft::nfproto(id.family), to_string(id.name)};
}

class NftTable final : public Table {
public:
    NftTable(nft::Connection& nft, TableId id)
        : nft_(nft), family_(id.family), table_(table_of(id)), generation_(nft.generation()) {}

    Family family() const override { return family_; }

    bool has_chain(const std::string& chain) override {
        return base_chain_hook(table_.name, chain) || state(chain).exists;
    }

    std::vector<std::string> chains() override {
        std::vector<std::string> out;
        for (const nft::ListedChain& chain : nft_.chains(table_))
            if (!chain.hook && state(chain.name).exists) out.push_back(chain.name);
        for (const auto& [name, chain] : chains_)
            if (chain.exists && !base_chain_hook(table_.name, name) && !contains(out, name))
                out.push_back(name);
        return out;
    }

    std::size_t jumps_to(const std::string& chain) override {
        const auto there = nft_.find_chain(table_, chain);
        // Besides those, the kernel counts the rules in it.
        return there ? there->uses - nft_.rules(table_, chain).size() : 0;
    }

    std::vector<Rule> rules(const std::string& chain) override {
        std::vector<Rule> out;
        for (const Entry& entry : listed(chain).rules) out.push_back(entry.rule);
        return out;
    }

    bool has_rule(const std::string& chain, const Rule& rule) override {
        const auto is_it = [&](const Entry& entry) { return entry.rule == rule; };
        const auto* jump = std::get_if<Jump>(&rule.target);
        if (jump && !state(chain).is_listed) {
            if (std::ranges::any_of(state(chain).rules, is_it)) return true;
            const std::uint64_t start = state(jump->chain).handle;
            if (start == 0) return false;  // nothing leads to what is not there
            for (std::uint64_t handle = start + 1; handle <= start + guesses; ++handle)
                if (const auto found = find(chain, handle); found && is_it(*found)) return true;
        }
        return std::ranges::any_of(listed(chain).rules, is_it);
    }

    std::vector<Rule> jumps(const std::string& from, const std::string& to) override {
        std::vector<Rule> out;
        for (Entry& entry : find_jumps(from, to)) out.push_back(std::move(entry.rule));
        return out;
    }

    std::size_t remove_jumps(const std::string& from, const std::string& to,
                             const RuleFilter& ours) override {
        std::vector<Entry> found = find_jumps(from, to);
        Chain& chain = state(from);
        if (chain.is_listed)
            return remove(from, [&](const Rule& rule) { return rule.jumps_to(to) && ours(rule); });
        std::erase_if(found, [&](const Entry& entry) { return !ours(entry.rule); });
        for (const Entry& entry : found) {
            put_removal(from, entry);
            if (entry.handle != 0) chain.removed.emplace(entry.handle, to);
        }
        const auto is_removed = [&](const Entry& entry) {
            return entry.rule.jumps_to(to) && ours(entry.rule);
        };
        const auto behind = chain.rules.begin() + chain.prepended;
        chain.prepended -= std::count_if(chain.rules.begin(), behind, is_removed);
        std::erase_if(chain.rules, is_removed);
        return found.size();
    }

    bool is_hooked(const std::string& base_chain) override {
        const auto wanted = base_chain_hook(table_.name, base_chain);
        const Chain& chain = state(base_chain);
        return wanted && chain.hook && chain.hook->is_same_place(*wanted);
    }

    void ensure_chain(const std::string& chain) override { make(chain, {}); }

    void append(const std::string& chain, const Rule& rule) override {
        Chain& to = writable(chain);
        to.rules.push_back(add(chain, rule, nft::Place::last));
    }

    void prepend(const std::string& chain, const Rule& rule) override {
        Chain& to = writable(chain);
        to.rules.insert(to.rules.begin(), add(chain, rule, nft::Place::first));
        ++to.prepended;
    }

    std::size_t remove(const std::string& chain, const RuleFilter& ours) override {
        std::vector<Entry>& present = listed(chain).rules;
        std::vector<Entry> removed;
        std::erase_if(present, [&](const Entry& entry) {
            if (!ours(entry.rule)) return false;
            removed.push_back(entry);
            return true;
        });
        const bool all_are_listed =
            std::ranges::none_of(removed, [](const Entry& entry) { return entry.handle == 0; });
        // The kernel looks for each handle from the chain's first rule on.
        if (present.empty() && removed.size() > 1 && all_are_listed)
            changes_.push_back(
                [this, chain](nft::Batch& batch) { batch.flush_chain(table_, chain); });
        else
            for (const Entry& entry : removed) put_removal(chain, entry);
        return removed.size();
    }

    void remove_chain(const std::string& chain) override {
        Chain& gone = state(chain);
        if (!gone.exists) return;
        changes_.push_back([this, chain](nft::Batch& batch) { batch.delete_chain(table_, chain); });
        gone = {};
        gone.is_listed = true;
    }

    Try commit() {
        nft::Batch batch;
        for (const Change& change : changes_)
            if (change) change(batch);
        if (batch.empty()) return Try::done;
        // The generation vouches for all that is named: what is missing is missing for good.
        batch.insist();
        const nft::Outcome outcome = nft_.try_commit(std::move(batch), generation_);
        return outcome == nft::Outcome::done ? Try::done : Try::overtaken;
    }

private:
    using Change = std::function<void(nft::Batch&)>;

    struct Entry {
        std::uint64_t handle;  // 0: made by change number `change`
        std::size_t change;
        Rule rule;
    };

    struct Chain {
        bool exists = false;
        std::optional<nft::Hook> hook = {};
        bool is_listed = false;  // before, `rules` are those of our changes only
        std::vector<Entry> rules = {};
        std::ptrdiff_t prepended = 0;  // of them, while not listed
        // Jumps of others, and where they lead to, while not listed.
        std::map<std::uint64_t, std::string> removed = {};
        // As the kernel has it; 0 for a chain that we make.
        std::uint64_t handle = 0;
        std::uint32_t uses = 0;                // rules in it, and jumps to it
        std::set<std::uint64_t> handles = {};  // of the rules in it, once listed
    };

    /// How often a jump to a chain is looked for in vain behind the chain, and behind the youngest
    /// of its rules: the kernel numbers what a table holds in the order of its making, and a jump
    /// is made right behind its chain.
    static constexpr std::uint64_t guesses = 8;

    std::optional<Entry> find(const std::string& chain, std::uint64_t handle) {
        const auto found = nft_.find_rule(table_, chain, handle);
        if (!found || state(chain).removed.contains(handle)) return {};
        return Entry{handle, 0, from_nft(*found, family_)};
    }

    /// With those of our changes.
    std::vector<Entry> find_jumps(const std::string& from, const std::string& to) {
        std::vector<Entry> out;
        if (!state(from).is_listed) {
            if (auto guessed = guess_jumps(from, to))
                out = *std::move(guessed);
            else
                listed(from);
        }
        for (const Entry& entry : state(from).rules)
            if (entry.rule.jumps_to(to)) out.push_back(entry);
        return out;
    }

    /// Those that the kernel has, found by their handles; nullopt when some are elsewhere.
    std::optional<std::vector<Entry>> guess_jumps(const std::string& from, const std::string& to) {
        std::vector<Entry> out;
        if (state(to).handle == 0) return out;
        const Chain& target = listed(to);
        std::size_t left = target.uses - std::min<std::size_t>(target.uses, target.handles.size());
        const std::uint64_t youngest =
            target.handles.empty() ? target.handle : *target.handles.rbegin();
        std::uint64_t next = 0;
        for (const std::uint64_t start : {target.handle, youngest}) {
            next = std::max(next, start + 1);
            for (std::uint64_t failures = 0; left > 0 && failures < guesses; ++next) {
                if (target.handles.contains(next)) continue;
                if (take_jump(from, to, next, out))
                    --left;
                else
                    ++failures;
            }
        }
        if (left > 0) return {};
        return out;
    }

    /// Whether the kernel has a jump by that handle; it is kept unless it was removed here.
    bool take_jump(const std::string& from, const std::string& to, std::uint64_t handle,
                   std::vector<Entry>& out) {
        const auto& removed = state(from).removed;
        if (const auto gone = removed.find(handle); gone != removed.end())
            return gone->second == to;
        auto found = find(from, handle);
        if (!found || !found->rule.jumps_to(to)) return false;
        out.push_back(*std::move(found));
        return true;
    }

    void put_removal(const std::string& chain, const Entry& entry) {
        if (entry.handle == 0) {
            changes_[entry.change] = {};
            return;
        }
        changes_.push_back([this, chain, handle = entry.handle](nft::Batch& batch) {
            batch.delete_rule(table_, chain, handle);
        });
    }

    Chain& state(const std::string& name) {
        const auto found = chains_.find(name);
        if (found != chains_.end()) return found->second;
        Chain chain;
        if (const auto there = nft_.find_chain(table_, name)) {
            chain.exists = true;
            chain.hook = there->hook;
            chain.handle = there->handle;
            chain.uses = there->uses;
        }
        chain.is_listed = !chain.exists;
        return chains_.emplace(name, std::move(chain)).first->second;
    }

    Chain& listed(const std::string& name) {
        Chain& chain = state(name);
        if (chain.is_listed) return chain;
        std::vector<Entry> found;
        for (const nft::ListedRule& rule : nft_.rules(table_, name)) {
            chain.handles.insert(rule.handle);
            if (!chain.removed.contains(rule.handle))
                found.push_back({rule.handle, 0, from_nft(rule, family_)});
        }
        chain.rules.insert(chain.rules.begin() + chain.prepended,
                           std::make_move_iterator(found.begin()),
                           std::make_move_iterator(found.end()));
        chain.is_listed = true;
        return chain;
    }

    Chain& writable(const std::string& name) {
        const auto hook = base_chain_hook(table_.name, name);
        if (!hook) return state(name);
        make(name, hook);
        Chain& chain = state(name);
        if (!chain.hook || !chain.hook->is_same_place(*hook))
            throw Error(Code::internal,
                        cat("chain ", name, " of nftables table ", table_.to_string(),
                            " is not where iptables has it"),
                        "somebody else made it: rules there would have no effect");
        return chain;
    }

    void make(const std::string& name, const std::optional<nft::Hook>& hook) {
        Chain& chain = state(name);
        if (chain.exists) return;
        chain.exists = true;
        chain.hook = hook;
        if (!has_table()) changes_.push_back([this](nft::Batch& b) { b.add_table(table_); });
        table_exists_ = true;
        changes_.push_back(
            [this, name, hook](nft::Batch& batch) { batch.add_chain(table_, name, hook); });
    }

    bool has_table() {
        if (!table_exists_) table_exists_ = nft_.has_table(table_);
        return *table_exists_;
    }

    Entry add(const std::string& chain, const Rule& rule, nft::Place place) {
        changes_.push_back([this, chain, rule, place](nft::Batch& batch) {
            batch.add_xt_rule(table_, chain, to_nft(rule), xt_protocol(rule), place);
        });
        return {0, changes_.size() - 1, rule};
    }

    nft::Connection& nft_;
    const Family family_;
    const nft::Table table_;
    const std::optional<std::uint32_t> generation_;  // older than all that is read
    std::optional<bool> table_exists_;
    std::unordered_map<std::string, Chain> chains_;
    std::vector<Change> changes_;
};

}  // namespace

void change_nf_tables(nft::Connection& nft, TableId id, const std::function<void(Table&)>& body) {
    const auto attempt = [&](Refusals) {
        NftTable table(nft, id);
        body(table);
        return table.commit();
    };
    commit_optimistically(attempt, "nftables while table ", table_of(id).to_string(),
                          " is changed");
}

bool nf_tables_has_table(nft::Connection& nft, TableId id) {
    return nft.has_table(table_of(id));
}

std::optional<std::string> nf_tables_problem(nft::Connection& nft, TableId id) {
    const nft::Table table = table_of(id);
    // What iptables made once can be made again.
    if (is_iptables_table(nft, table)) return {};
    const std::string chain(first_base_chain(table.name));
    Rule rule;
    rule.matches = {comment("probe")};
    rule.target = id.name == TableName::nat ? Target(masquerade(id.family)) : Target(Verdict::drop);
    nft::Batch batch;
    batch.add_table(table).add_chain(table, chain, base_chain_hook(table.name, chain));
    batch.add_xt_rule(table, chain, to_nft(rule), xt_protocol(rule));
    return nft.rehearse(std::move(batch));
}

}  // namespace cni::ipt
