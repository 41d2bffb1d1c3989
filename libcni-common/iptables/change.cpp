#include "base/undo.h"
#include "iptables/legacy_table.h"
#include "iptables/nft_table.h"

namespace cni::ipt {

const char* to_string(TableName name) {
    switch (name) {
        case TableName::filter:
            return "filter";
        case TableName::nat:
            return "nat";
        case TableName::raw:
            return "raw";
    }
    return "";
}

void change(nft::Connection& nft, Flavour flavour, TableId id,
            const std::function<void(Table&)>& body) {
    if (flavour == Flavour::legacy) return change_legacy(id, body);
    change_nf_tables(nft, id, body);
}

void change_present(nft::Connection& nft, Flavour flavour, TableName name,
                    const std::function<void(Table&)>& body) {
    Failures failures;
    for (const Family family : both_families)
        failures.attempt([&] {
            if (has_table(nft, flavour, {family, name})) change(nft, flavour, {family, name}, body);
        });
    failures.throw_if_any();
}

bool has_table(nft::Connection& nft, Flavour flavour, TableId id) {
    return flavour == Flavour::legacy ? legacy_has_table(id) : nf_tables_has_table(nft, id);
}

std::optional<std::string> problem(nft::Connection& nft, Flavour flavour, TableId id) {
    return flavour == Flavour::legacy ? legacy_problem(id) : nf_tables_problem(nft, id);
}

}  // namespace cni::ipt
