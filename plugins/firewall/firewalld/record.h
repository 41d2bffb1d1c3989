#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/ip.h"
#include "netfilter/owner.h"

namespace cni::firewall::firewalld {

/// Which addresses were added to which zone for whom, which firewalld has no place for: a file in
/// /run/cni/firewall, called after a hash, from before the first is added until the last is
/// removed. It does not survive a reboot; neither do sources that were added so.
struct Record {
    Owner owner;
    std::string zone;
    std::vector<Prefix> addresses;
    bool is_left = false;  ///< the owner is gone, and firewalld refused to remove them

    bool has(const std::string& zone_, const Prefix& address) const;
    std::string print() const;
    /// `what` names the file. Throws Error(decoding_failure).
    static Record parse(const std::string& text, const std::string& what);
};

void save_record(const Record& record);
/// One that is garbled is told on stderr, and counts as none.
std::optional<Record> find_record(const Owner& owner);
void forget_record(const Owner& owner);
/// All that there are, of every network.
std::vector<Record> all_records();

}  // namespace cni::firewall::firewalld
