#include "base/undo.h"
#include "iptables/legacy_table.h"
#include "iptables/nft_table.h"

namespace cni::ipt {

std::string to_string(TableName name) {
    return name == TableName::nat ? "nat" : "raw";
}

void change(nft::Connection& nft, Flavour flavour, Family family,
            const std::function<void(Table&)>& body, TableName name) {
    if (flavour == Flavour::legacy) return change_legacy(family, body, name);
    change_nf_tables(nft, family, body, name);
}

void change_present(nft::Connection& nft, Flavour flavour,
                    const std::function<void(Table&)>& body) {
    Failures failures;
    for (const Family family : {Family::v4, Family::v6})
        failures.attempt([&] {
            if (has_nat_table(nft, flavour, family)) change(nft, flavour, family, body);
        });
    failures.throw_if_any();
}

bool has_table(nft::Connection& nft, Flavour flavour, Family family, TableName name) {
    return flavour == Flavour::legacy ? legacy_has_table(family, name)
                                      : nf_tables_has_table(nft, family, name);
}

bool has_nat_table(nft::Connection& nft, Flavour flavour, Family family) {
    return has_table(nft, flavour, family, TableName::nat);
}

std::optional<std::string> problem(nft::Connection& nft, Flavour flavour, Family family) {
    return flavour == Flavour::legacy ? legacy_problem(family) : nf_tables_problem(nft, family);
}

}  // namespace cni::ipt
