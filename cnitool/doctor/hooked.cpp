#include "hooked.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/contains.h"
#include "base/error.h"
#include "iptables/legacy_view.h"
#include "iptables/nft_rule_codec.h"
#include "netfilter/nft_match.h"

namespace cni::tool {
namespace {

struct StageNames {
    Stage stage;
    ipt::TableName table;  ///< that iptables has its rules in
    const char* chain;
    std::uint32_t hook;
};
constexpr StageNames stages[] = {
    {Stage::forward, ipt::TableName::filter, "FORWARD", NF_INET_FORWARD},
    {Stage::prerouting, ipt::TableName::nat, "PREROUTING", NF_INET_PRE_ROUTING},
    {Stage::postrouting, ipt::TableName::nat, "POSTROUTING", NF_INET_POST_ROUTING},
};

const StageNames& names_of(Stage stage) {
    return *std::ranges::find(stages, stage, &StageNames::stage);
}

using Rules = std::vector<nft::Rule>;

/// Each chain is read once.
auto remembering(std::function<Rules(const std::string&)> read) {
    const auto known = std::make_shared<std::map<std::string, Rules>>();
    return [known, read = std::move(read)](const std::string& chain) -> const Rules& {
        const auto found = known->find(chain);
        return found != known->end() ? found->second
                                     : known->emplace(chain, read(chain)).first->second;
    };
}

// What iptables has no word for here is not understood, wherever it leads.
nft::Rule as_nft(ipt::Rule rule) {
    const bool is_foreign = std::exchange(rule.foreign, false);
    nft::Rule out = ipt::to_nft(rule);
    if (is_foreign) out.insert(out.begin(), nft::Unknown{});
    return out;
}

std::string program_of(Family family, std::string_view flavour, ipt::TableName table) {
    const std::string_view option = table == ipt::TableName::filter ? "" : " -t nat";
    return cat(family == Family::v4 ? "iptables-" : "ip6tables-", flavour, option);
}

std::optional<Hooked> legacy_at(Family family, const StageNames& names) {
    const std::shared_ptr<ipt::LegacyView> view = ipt::view_legacy({family, names.table});
    const auto policy = view ? view->policy(names.chain) : std::nullopt;
    if (!policy) return {};
    const auto read = [view](const std::string& chain) {
        Rules out;
        for (ipt::Rule& rule : view->rules(chain)) out.push_back(as_nft(std::move(rule)));
        return out;
    };
    return Hooked{
        .place = cat("table ", to_string(names.table), " of iptables (legacy)"),
        .program = program_of(family, "legacy", names.table),
        .target = names.chain,
        .chain = names.chain,
        .is_of_iptables = true,
        .policy = *policy == ipt::Verdict::drop ? Act::drop : Act::accept,
        .rules = remembering(read),
        .element_of = [](const auto&, const auto&) -> std::optional<nft::Element> { return {}; }};
}

bool is_of_iptables(const nft::BaseChain& base, const StageNames& names) {
    return base.family != NFPROTO_INET && base.table == to_string(names.table) &&
           base.chain.name == names.chain;
}

Hooked in_nf_tables(nft::Connection& nft, Family family, const StageNames& names,
                    const nft::BaseChain& base) {
    const auto read = [&nft, name = base.table, number = base.family](const std::string& chain) {
        Rules out;
        for (nft::ListedRule& listed : nft.rules({number, name.c_str()}, chain))
            out.push_back(std::move(listed.rule));
        return out;
    };
    const auto element = [&nft, name = base.table, number = base.family](const auto& set,
                                                                         const auto& key) {
        return nft.find_element({number, name.c_str()}, set, key);
    };
    const std::string called = nft::Table{base.family, base.table.c_str()}.to_string();
    const bool of_iptables = is_of_iptables(base, names);
    return {.place = of_iptables ? cat("table ", base.table, " of iptables (nf_tables)")
                                 : cat("nftables table ", called),
            .program = of_iptables ? program_of(family, "nft", names.table) : "nft",
            .target = of_iptables ? base.chain.name : cat(called, " ", base.chain.name),
            .chain = base.chain.name,
            .is_of_iptables = of_iptables,
            .policy = base.chain.hook->policy == NF_DROP ? Act::drop : Act::accept,
            .rules = remembering(read),
            .element_of = element};
}

bool is_looked_at(const nft::BaseChain& base, Family family, const StageNames& names) {
    const bool is_of_family = base.family == nft::nfproto(family) || base.family == NFPROTO_INET;
    const std::string_view type = names.table == ipt::TableName::nat ? "nat" : "filter";
    return is_of_family && base.chain.hook->number == names.hook && base.chain.hook->type == type &&
           !base.table.starts_with("cni_") && base.table != "firewalld";
}

constexpr std::string_view chains_of_iptables[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT",
                                                   "POSTROUTING"};

}  // namespace

std::vector<Hooked> hooked_at(nft::Connection& nft, const std::vector<nft::BaseChain>& bases,
                              Family family, Stage stage) {
    const StageNames& names = names_of(stage);
    std::vector<Hooked> out;
    if (auto legacy = legacy_at(family, names)) out.push_back(*std::move(legacy));
    for (const nft::BaseChain& base : bases)
        if (is_looked_at(base, family, names))
            out.push_back(in_nf_tables(nft, family, names, base));
    return out;
}

IptablesInUse iptables_in_use(const std::vector<nft::BaseChain>& bases, Family family) {
    IptablesInUse out;
    for (const auto name : {ipt::TableName::filter, ipt::TableName::nat, ipt::TableName::raw}) {
        const auto legacy = ipt::view_legacy({family, name});
        const auto has_rules = [&](const auto& chain) {
            return legacy && !legacy->rules(std::string(chain)).empty();
        };
        if (std::ranges::any_of(chains_of_iptables, has_rules))
            out.legacy.emplace_back(to_string(name));
    }
    for (const nft::BaseChain& base : bases)
        if (base.family == nft::nfproto(family) && base.chain.uses > 0 &&
            contains(chains_of_iptables, base.chain.name) && !contains(out.nf_tables, base.table))
            out.nf_tables.push_back(base.table);
    return out;
}

}  // namespace cni::tool
