#include "attach/masquerading.h"

#include <algorithm>

#include "base/undo.h"
#include "iptables/masquerade.h"
#include "netfilter/masquerade.h"

namespace cni {
namespace {

constexpr Family families[] = {Family::v4, Family::v6};

std::vector<Prefix> addresses_of(const Result& result) {
    std::vector<Prefix> out;
    for (const IpConfig& ip : result.ips) out.push_back(ip.address);
    return out;
}

bool has_any(const std::vector<Prefix>& addresses, Family family) {
    return std::ranges::any_of(addresses, [&](const Prefix& a) { return a.ip.family() == family; });
}

void change_everywhere(nft::Connection& nft, Failures& failures,
                       const std::function<void(ipt::Table&)>& body) {
    for (const ipt::Flavour flavour : {ipt::Flavour::nf_tables, ipt::Flavour::legacy})
        failures.attempt([&] { ipt::change_present(nft, flavour, body); });
}

/// Those of the result that belong to the owner's interface, or to none that is named.
ipt::Addresses addresses_of(const Owner& owner, const std::optional<Result>& result) {
    if (!result) return {};
    std::vector<Prefix> out;
    for (const IpConfig& ip : result->ips) {
        const bool has_interface =
            ip.interface && *ip.interface >= 0 &&
            static_cast<std::size_t>(*ip.interface) < result->interfaces.size();
        if (has_interface) {
            const Interface& interface =
                result->interfaces[static_cast<std::size_t>(*ip.interface)];
            if (interface.name != owner.ifname || interface.sandbox.empty()) continue;
        }
        out.push_back(ip.address);
    }
    if (out.empty()) return {};
    return out;
}

void check_backend(nft::Connection& nft, Backend backend, const Owner& owner,
                   const std::vector<Prefix>& addresses) {
    if (backend == Backend::nftables) return check_masquerade(nft, owner, addresses);
    const ipt::Flavour flavour = flavour_of(backend);
    for (const Family family : families) {
        if (!has_any(addresses, family)) continue;
        if (!ipt::has_nat_table(nft, flavour, family))
            throw Error(Code::internal,
                        cat("masquerading: ", to_string(backend), " has no table nat for ",
                            family == Family::v4 ? "IPv4" : "IPv6"));
        ipt::change(nft, flavour, family,
                    [&](ipt::Table& table) { ipt::check_masquerade(table, owner, addresses); });
    }
}

bool is_complete(nft::Connection& nft, Backend backend, const Owner& owner,
                 const std::vector<Prefix>& addresses) {
    try {
        check_backend(nft, backend, owner, addresses);
        return true;
    } catch (const Error&) {
        return false;
    }
}

}  // namespace

std::optional<std::string> masquerade_backend(const Json& config) {
    const std::string name = config.string_or("ipMasqBackend", "");
    if (name.empty()) return {};
    if (name == "iptables" || name == "nftables") return name;
    throw Error(Code::invalid_config, cat("unknown ipmasq backend ", quote(name)),
                "known are \"iptables\" and \"nftables\"");
}

void add_masquerading(nft::Connection& nft, const std::optional<std::string>& configured,
                      const Owner& owner, const Result& result) {
    const Backend backend = choose_backend(nft, configured);
    const auto addresses = addresses_of(result);
    if (backend == Backend::nftables) return add_masquerade(nft, owner, addresses);
    for (const Family family : families)
        if (has_any(addresses, family))
            ipt::change(nft, flavour_of(backend), family,
                        [&](ipt::Table& table) { ipt::add_masquerade(table, owner, addresses); });
}

void remove_masquerading(nft::Connection& nft, const Owner& owner,
                         const std::optional<Result>& result) {
    Failures failures;
    failures.attempt([&] { remove_masquerade(nft, owner); });
    const ipt::Addresses addresses = addresses_of(owner, result);
    change_everywhere(nft, failures,
                      [&](ipt::Table& table) { ipt::remove_masquerade(table, owner, addresses); });
    failures.throw_if_any();
}

void check_masquerading(nft::Connection& nft, const std::optional<std::string>& configured,
                        const Owner& owner, const Result& result) {
    const Backend backend = choose_backend(nft, configured);
    const auto addresses = addresses_of(result);
    try {
        check_backend(nft, backend, owner, addresses);
    } catch (const Error&) {
        for (const Backend other :
             {Backend::nftables, Backend::iptables_nft, Backend::iptables_legacy})
            if (other != backend && is_complete(nft, other, owner, addresses)) return;
        throw;
    }
}

void gc_masquerading(nft::Connection& nft, const std::string& network,
                     const std::vector<Owner>& valid) {
    Failures failures;
    failures.attempt([&] { gc_masquerade(nft, network, valid); });
    change_everywhere(nft, failures,
                      [&](ipt::Table& table) { ipt::gc_masquerade(table, network, valid); });
    failures.throw_if_any();
}

std::optional<std::string> masquerading_problem(nft::Connection& nft, Backend backend) {
    if (backend == Backend::nftables) return masquerade_problem(nft);
    return ipt::problem(nft, flavour_of(backend), Family::v4);
}

}  // namespace cni
