#include "guard.h"

#include <algorithm>

#include "base/contains.h"
#include "base/hash.h"
#include "iptables/extensions.h"
#include "rules.h"

namespace cni::portmap::iptables {
namespace {

using ipt::Jump;
using ipt::Rule;
using ipt::Table;

constexpr const char* links_chain = "CNI-HOSTPORT-LINKS";
constexpr std::string_view holder_prefix = "CNI-HG-";
constexpr std::size_t chain_length = 28;

std::string chain_of(const std::string& hashes) {
    return cat(holder_prefix, sha512_hex(hashes)).substr(0, chain_length);
}

Rule drop_rule() {
    Rule rule;
    rule.target = ipt::Verdict::drop;
    return rule;
}

std::vector<Rule> entry_rules() {
    Rule from, to;
    from.source = to.destination = {*Prefix::parse("127.0.0.0/8")};
    std::vector<Rule> out{from, to};
    for (Rule& rule : out) {
        rule.in = {"lo", true};
        rule.matches = {ipt::comment("CNI portfwd: 127.0.0.0/8 of outside")};
        rule.target = Jump{guard_chain};
    }
    return out;
}

Rule record(const std::optional<LinkName>& link, const std::string& comment) {
    Rule rule;
    if (link) rule.in = {link->name, false};
    rule.matches = {ipt::comment(comment)};
    rule.target = Jump{guard_chain};
    return rule;
}

std::optional<std::string> fault_of(Table& table) {
    const auto missing = [](std::string_view what, const std::string& chain) {
        return cat(what, " in chain ", chain, " of iptables' table raw");
    };
    const auto drops = table.rules(guard_chain);
    if (drops.empty() || drops.front() != drop_rule())
        return missing("the rule that drops", guard_chain);
    const auto present = table.rules(prerouting);
    for (const Rule& entry : entry_rules())
        if (!contains(present, entry)) return missing(cat("the jump to ", guard_chain), prerouting);
    return {};
}

/// Ahead of what administrators have there: an exception of theirs would be one for everybody.
void repair(Table& table) {
    if (!fault_of(table)) return;
    table.ensure_chain(guard_chain);
    if (const auto drops = table.rules(guard_chain); drops.empty() || drops.front() != drop_rule())
        table.prepend(guard_chain, drop_rule());
    const auto present = table.rules(prerouting);
    for (const Rule& entry : entry_rules())
        if (!contains(present, entry)) table.prepend(prerouting, entry);
}

std::optional<Holder> holder_in(Table& table, const std::string& chain) {
    for (const Rule& rule : table.rules(chain))
        if (auto holder = Holder::parse(rule.comment());
            holder && rule.jumps_to(guard_chain) && chain == chain_of(holder->hashes))
            return holder;
    return {};
}

std::vector<LinkName> links_in(Table& table) {
    std::vector<LinkName> out;
    for (const Rule& rule : table.rules(links_chain))
        if (const auto link = LinkName::parse(rule.comment())) out.push_back(*link);
    return out;
}

std::vector<Holder> holders_in(Table& table) {
    std::vector<Holder> out;
    for (const std::string& chain : table.chains())
        if (chain.starts_with(holder_prefix))
            if (auto holder = holder_in(table, chain)) out.push_back(*std::move(holder));
    return out;
}

bool is_entry(const Rule& rule) {
    return contains(entry_rules(), rule);
}

/// Besides `count` of those who say so. To be asked before any change.
bool is_needed_by_others(Table& table, std::size_t count) {
    const auto present = table.rules(prerouting);
    const auto entries = static_cast<std::size_t>(std::ranges::count_if(present, is_entry));
    return table.jumps_to(guard_chain) > count + entries;
}

void remove_all(Table& table) {
    table.remove(prerouting, is_entry);
    table.remove_chain(links_chain);
    table.remove_chain(guard_chain);
}

class IptablesGuard final : public Guard {
public:
    IptablesGuard(nft::Connection& nft, ipt::Flavour flavour) : nft_(nft), flavour_(flavour) {}

    void hold(const Holder& holder) override {
        const std::string chain = chain_of(holder.hashes);
        const Rule wanted = record(holder.link, holder.comment());
        change([&](Table& table) {
            repair(table);
            if (contains(table.rules(chain), wanted)) return;
            table.remove_chain(chain);
            table.ensure_chain(chain);
            table.append(chain, wanted);
        });
    }
    void hold(const LinkName& shared) override {
        const Rule wanted = record(shared, shared.to_string());
        change([&](Table& table) {
            repair(table);
            if (contains(table.rules(links_chain), wanted)) return;
            table.ensure_chain(links_chain);
            table.remove(links_chain, [&](const Rule& rule) {
                const auto link = LinkName::parse(rule.comment());
                return link && link->name == shared.name;
            });
            table.append(links_chain, wanted);
        });
    }

    std::optional<Holder> find(const std::string& hashes) override {
        std::optional<Holder> found;
        change_present([&](Table& table) { found = holder_in(table, chain_of(hashes)); });
        return found && found->hashes == hashes ? found : std::nullopt;
    }

    void release(const std::string& hashes) override {
        const std::string chain = chain_of(hashes);
        change_present([&](Table& table) {
            if (!holder_in(table, chain)) return;
            const bool stays = is_needed_by_others(table, table.rules(chain).size());
            table.remove_chain(chain);
            if (!stays) remove_all(table);
        });
    }
    void release(const LinkName& shared) override {
        const Rule its = record(shared, shared.to_string());
        change_present([&](Table& table) {
            const auto present = table.rules(links_chain);
            const auto count = static_cast<std::size_t>(std::ranges::count(present, its));
            if (count == 0) return;
            const bool stays = is_needed_by_others(table, count);
            table.remove(links_chain, [&](const Rule& rule) { return rule == its; });
            if (!stays) remove_all(table);
        });
    }

    std::vector<LinkName> links() override {
        std::vector<LinkName> out;
        change_present([&](Table& table) { out = links_in(table); });
        return out;
    }
    std::vector<Holder> holders() override {
        std::vector<Holder> out;
        change_present([&](Table& table) { out = holders_in(table); });
        return out;
    }

    std::optional<std::string> fault() override {
        std::optional<std::string> found = cat("iptables' table raw");
        change_present([&](Table& table) { found = fault_of(table); });
        return found;
    }

private:
    static constexpr ipt::TableId raw{Family::v4, ipt::TableName::raw};

    void change(const std::function<void(Table&)>& body) { ipt::change(nft_, flavour_, raw, body); }
    /// Only when there is a table.
    void change_present(const std::function<void(Table&)>& body) {
        if (ipt::has_table(nft_, flavour_, raw)) change(body);
    }

    nft::Connection& nft_;
    const ipt::Flavour flavour_;
};

}  // namespace

std::unique_ptr<Guard> guard(nft::Connection& nft, ipt::Flavour flavour) {
    return std::make_unique<IptablesGuard>(nft, flavour);
}

}  // namespace cni::portmap::iptables
