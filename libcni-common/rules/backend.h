#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "iptables/table.h"

namespace cni {

/// How rules get into the kernel, and where they are then.
enum class Backend {
    nftables,         ///< tables of our own (or the reference plugins'), native expressions
    iptables_nft,     ///< the iptables program's rules, in nf_tables
    iptables_legacy,  ///< the iptables program's rules, in the legacy tables
};

/// For what is done in each of them: this is the order.
inline constexpr std::array all_backends{Backend::nftables, Backend::iptables_nft,
                                         Backend::iptables_legacy};

/// What a configuration calls it: "nftables" or "iptables"; nullopt leaves it to the host.
/// `configured` must be one of the two. Decided by what the kernel holds, without running a program
/// or loading a module:
///
/// | asked for | legacy tables in use | iptables' tables in nf_tables | else, nf_tables | else |
/// |---|---|---|---|---|
/// | nothing | iptables_legacy | iptables_nft | nftables | iptables_legacy |
/// | iptables | iptables_legacy | iptables_nft | iptables_nft | iptables_legacy |
/// | nftables | nftables | nftables | nftables | nftables |
///
/// Legacy tables are in use when one that is loaded (/proc/net/ip_tables_names) holds a rule or a
/// chain besides the built-in ones; not where we may not look.
Backend choose_backend(nft::Connection& nft, const std::optional<std::string>& configured);

/// The same with what decided it.
struct BackendChoice {
    Backend backend;
    const char* reason;  ///< the end of a sentence: "legacy tables hold rules"
};
BackendChoice weigh_backends(nft::Connection& nft, const std::optional<std::string>& configured);

/// For STATUS: throws Error(plugin_not_available) when `problem` says why the backend cannot be
/// used:
/// "<what> with nftables". Whoever asks is moved to a network namespace that goes with him where
/// looking has an effect.
void require_usable(Backend backend, std::string_view what,
                    const std::function<std::optional<std::string>()>& problem);

/// Of one of iptables' two.
ipt::Flavour flavour_of(Backend backend);

/// "nftables", "iptables (nf_tables)", "iptables (legacy)": for messages.
std::string to_string(Backend backend);

}  // namespace cni
