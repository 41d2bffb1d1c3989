#pragma once

#include <functional>
#include <string>
#include <vector>

#include "iptables/rule.h"
#include "netfilter/nft.h"

namespace cni::ipt {

/// Which of the kernel's two interfaces the host's iptables works with.
enum class Flavour { legacy, nf_tables };

using RuleFilter = std::function<bool(const Rule&)>;

/// Which of iptables' tables, of either family.
enum class TableName { filter, nat, raw };
const char* to_string(TableName name);

struct TableId {
    Family family;
    TableName name;
};

/// A table of one family, inside of one transaction (see change): reads show what was there when
/// it began with the changes made so far; changes reach the kernel together.
class Table {
public:
    virtual ~Table() = default;

    virtual Family family() const = 0;
    virtual bool has_chain(const std::string& chain) = 0;
    /// Of user-defined chains. Reads them all: for GC.
    virtual std::vector<std::string> chains() = 0;
    /// How many rules of the table jump to it, before this transaction.
    virtual std::size_t jumps_to(const std::string& chain) = 0;
    /// In order; none when there is no such chain.
    virtual std::vector<Rule> rules(const std::string& chain) = 0;

    // Base chains may hold tens of thousands of rules of others: what follows finds those that jump
    // to a chain without reading them all, as far as the kernel lets it.

    /// Whether a rule equal to this one is in the chain.
    virtual bool has_rule(const std::string& chain, const Rule& rule) = 0;
    /// The rules of chain `from` that jump to chain `to`.
    virtual std::vector<Rule> jumps(const std::string& from, const std::string& to) = 0;
    /// Those of them for which `ours` is true; returns how many.
    virtual std::size_t remove_jumps(const std::string& from, const std::string& to,
                                     const RuleFilter& ours) = 0;

    /// Whether packets get to the base chain: somebody else may have made one without its hook.
    virtual bool is_hooked(const std::string& base_chain) = 0;

    /// Makes a user-defined chain unless it exists. Base chains (PREROUTING, ...) are always there.
    virtual void ensure_chain(const std::string& chain) = 0;
    virtual void append(const std::string& chain, const Rule& rule) = 0;
    /// At position 1.
    virtual void prepend(const std::string& chain, const Rule& rule) = 0;
    /// Every rule of the chain for which `ours` is true; returns how many.
    virtual std::size_t remove(const std::string& chain, const RuleFilter& ours) = 0;
    /// With its rules; nothing may jump to it. Absent: nothing happens.
    virtual void remove_chain(const std::string& chain) = 0;
};

/// Runs `body` on the table of the family and commits what it changed, at once or not at all; when
/// somebody else changed the table meanwhile, all over again on what it is then. (More than fits
/// into one batch of nf_tables without privileges on the host, see NlSocket::commit_batch, takes
/// effect in several steps, in the order of the changes.) A body that
/// changes nothing commits nothing; one that throws changes nothing.
///
/// legacy: libiptc, under the lock of the iptables program (/run/xtables.lock), waited for up to
/// 30 seconds. nf_tables: `nft` is used and stays open (see nft::Connection).
/// Throws SysError; Error(try_again_later) when the lock or the table never comes to rest.
void change(nft::Connection& nft, Flavour flavour, TableId id,
            const std::function<void(Table&)>& body);

/// Whether the flavour has the table at all, without making or loading one: if not, there is
/// nothing to remove or to check.
bool has_table(nft::Connection& nft, Flavour flavour, TableId id);

/// Changes the table of each family that there is. Both are tried before what went wrong with one
/// is thrown.
void change_present(nft::Connection& nft, Flavour flavour, TableName name,
                    const std::function<void(Table&)>& body);

/// Why rules could not be added; nullopt when they could. Adds nothing, but makes the kernel load a
/// legacy table that is missing: to be asked in a namespace that nobody uses.
std::optional<std::string> problem(nft::Connection& nft, Flavour flavour, TableId id);

}  // namespace cni::ipt
