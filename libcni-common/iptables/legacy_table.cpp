// Ahead of the kernel's headers, which define the same things unless it came first.
#include <net/if.h>

#include "iptables/legacy_table.h"

#include "base/error.h"
#include "iptables/extensions.h"
#include "iptables/legacy_entry.h"
#include "iptables/legacy_library.h"
#include "iptables/legacy_presence.h"
#include "iptables/xtables_lock.h"
#include "netfilter/optimistic_commit.h"

namespace cni::ipt {
namespace {

template <typename Lib>
class LegacyTable final : public Table {
public:
    explicit LegacyTable(TableName name)
        : name_(to_string(name)), handle_(open_table<Lib>(name_)) {}

    Family family() const override { return Lib::family; }

    bool has_chain(const std::string& chain) override {
        return Lib::is_chain(Label(chain), handle_.get());
    }

    std::vector<std::string> chains() override {
        std::vector<std::string> out;
        for (const char* chain = Lib::first_chain(handle_.get()); chain;
             chain = Lib::next_chain(handle_.get()))
            if (!Lib::is_builtin(chain, handle_.get())) out.emplace_back(chain);
        return out;
    }

    std::size_t jumps_to(const std::string& chain) override {
        unsigned count = 0;
        return Lib::get_references(&count, Label(chain), handle_.get()) ? count : 0;
    }

    std::vector<Rule> rules(const std::string& chain) override {
        std::vector<Rule> out;
        visit(chain,
              [&](const Entry& entry) { out.push_back(from_entry(entry, label_of(entry))); });
        return out;
    }

    void ensure_chain(const std::string& chain) override {
        if (!has_chain(chain))
            done(Lib::create_chain(Label(chain), handle_.get()), "make chain ", chain);
    }

    void append(const std::string& chain, const Rule& rule) override {
        const Bytes entry = to_entry(rule, Lib::family);
        done(Lib::append(Label(chain), as_entry(entry), handle_.get()), "add a rule to chain ",
             chain);
    }

    void prepend(const std::string& chain, const Rule& rule) override {
        const Bytes entry = to_entry(rule, Lib::family);
        done(Lib::insert(Label(chain), as_entry(entry), 0, handle_.get()), "add a rule to chain ",
             chain);
    }

    std::size_t remove(const std::string& chain, const RuleFilter& ours) override {
        return remove_entries(
            chain, [&](const Entry& entry) { return ours(from_entry(entry, label_of(entry))); });
    }

    bool has_rule(const std::string& chain, const Rule& rule) override {
        const auto* jump = std::get_if<Jump>(&rule.target);
        bool found = false;
        visit(chain, [&](const Entry& entry) {
            if (!found && (!jump || jumps_to(entry, jump->chain)))
                found = from_entry(entry, label_of(entry)) == rule;
        });
        return found;
    }

    std::vector<Rule> jumps(const std::string& from, const std::string& to) override {
        std::vector<Rule> out;
        if (!has_chain(to)) return out;
        visit(from, [&](const Entry& entry) {
            if (jumps_to(entry, to)) out.push_back(from_entry(entry, to));
        });
        return out;
    }

    std::size_t remove_jumps(const std::string& from, const std::string& to,
                             const RuleFilter& ours) override {
        if (!has_chain(to)) return 0;
        return remove_entries(from, [&](const Entry& entry) {
            return jumps_to(entry, to) && ours(from_entry(entry, to));
        });
    }

    bool is_hooked(const std::string& base_chain) override {
        return Lib::is_builtin(Label(base_chain), handle_.get());
    }

    void remove_chain(const std::string& chain) override {
        if (!has_chain(chain)) return;
        done(Lib::flush(Label(chain), handle_.get()), "flush chain ", chain);
        done(Lib::delete_chain(Label(chain), handle_.get()), "delete chain ", chain);
    }

    /// Overtaken: by somebody who does not take the lock, ahead of us. Refused: a rule that the
    /// kernel does not take, or the table was changed behind us, so that libiptc could not put the
    /// counters back.
    Try commit(Refusals refusals) {
        if (!changed_ || Lib::commit(handle_.get())) return Try::done;
        const int error = errno;
        if (error == EAGAIN) return Try::overtaken;
        if (error == EINVAL && refusals == Refusals::forgiven) return Try::refused;
        throw SysError(cat("change ", Lib::name, "' table ", name_), error,
                       error == ENOENT ? "the kernel lacks a match or target of the rules"
                                       : iptc_strerror(error));
    }

private:
    using Entry = typename Lib::Entry;

    template <typename F>
    void visit(const std::string& chain, F&& each) {
        if (!has_chain(chain)) return;
        for (const Entry* entry = Lib::first_rule(Label(chain), handle_.get()); entry;
             entry = Lib::next_rule(entry, handle_.get()))
            each(*entry);
    }

    bool jumps_to(const Entry& entry, const std::string& chain) {
        return chain == Lib::target(&entry, handle_.get());
    }

    template <typename F>
    std::size_t remove_entries(const std::string& chain, F&& ours) {
        std::vector<unsigned> numbers;
        unsigned number = 0;
        visit(chain, [&](const Entry& entry) {
            if (ours(entry)) numbers.push_back(number);
            ++number;
        });
        // Backwards: the numbers of those before stay what they are.
        for (auto n = numbers.rbegin(); n != numbers.rend(); ++n)
            done(Lib::remove(Label(chain), *n, handle_.get()), "delete a rule of chain ", chain);
        return numbers.size();
    }

    std::optional<std::string_view> label_of(const Entry& entry) {
        return label_of_target<Lib>(entry, handle_.get());
    }

    // Entries are aligned as the allocator aligns everything.
    static const typename Lib::Entry* as_entry(const Bytes& bytes) {
        return reinterpret_cast<const typename Lib::Entry*>(bytes.data());
    }

    template <typename... What>
    void done(int success, const What&... what) {
        const int error = errno;
        if (!success)
            throw SysError(cat(what..., " of ", Lib::name, "' table ", name_), error,
                           iptc_strerror(error));
        changed_ = true;
    }

    const std::string name_;
    TableHandle<Lib> handle_;
    bool changed_ = false;
};

template <typename Lib>
void change(TableName name, const std::function<void(Table&)>& body,
            std::chrono::milliseconds limit) {
    const auto attempt = [&](Refusals refusals) {
        const XtablesLock lock(limit);
        LegacyTable<Lib> table(name);
        body(table);
        return table.commit(refusals);
    };
    commit_optimistically(attempt, Lib::name, "' table ", to_string(name), " without its lock");
}

// Reading makes the kernel load the table, as adding would. It is empty then.
template <typename Lib>
std::optional<std::string> problem_of(TableName name) try {
    LegacyTable<Lib> table(name);
    return {};
} catch (const Error& error) {
    return error.what();
}

}  // namespace

void change_legacy(TableId id, const std::function<void(Table&)>& body,
                   std::chrono::milliseconds limit) {
    if (id.family == Family::v4) return change<Ip4tc>(id.name, body, limit);
    change<Ip6tc>(id.name, body, limit);
}

bool legacy_has_table(TableId id) {
    return has_legacy_table(id.family, to_string(id.name));
}

std::optional<std::string> legacy_problem(TableId id) {
    return id.family == Family::v4 ? problem_of<Ip4tc>(id.name) : problem_of<Ip6tc>(id.name);
}

}  // namespace cni::ipt
