#include "base/undo.h"
#include "iptables/legacy_table.h"
#include "iptables/nft_table.h"

namespace cni::ipt {

void change(nft::Connection& nft, Flavour flavour, Family family,
            const std::function<void(Table&)>& body) {
    if (flavour == Flavour::legacy) return change_legacy(family, body);
    change_nf_tables(nft, family, body);
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

bool has_nat_table(nft::Connection& nft, Flavour flavour, Family family) {
    return flavour == Flavour::legacy ? legacy_has_nat_table(family)
                                      : nf_tables_has_nat_table(nft, family);
}

std::optional<std::string> problem(nft::Connection& nft, Flavour flavour, Family family) {
    return flavour == Flavour::legacy ? legacy_problem(family) : nf_tables_problem(nft, family);
}

}  // namespace cni::ipt
