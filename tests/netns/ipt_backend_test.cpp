// Which backend is chosen for what a host has.
#include <gtest/gtest.h>

#include "iptables/backend.h"
#include "support/process.h"
#include "support/sandbox.h"

namespace cni::test {
namespace {

class IptBackend : public SandboxTest {
protected:
    /// On a fresh host after a shell command: what nothing, "iptables" and "nftables" give.
    static void expect(const std::string& command, Backend by_default, Backend iptables) {
        ASSERT_FALSE(enter_sandbox());
        output_of({"sh", "-c", command});
        nft::Connection nft;
        const std::string before = loaded();
        EXPECT_EQ(choose_backend(nft, {}), by_default) << command;
        EXPECT_EQ(choose_backend(nft, "iptables"), iptables) << command;
        EXPECT_EQ(choose_backend(nft, "nftables"), Backend::nftables) << command;
        EXPECT_EQ(loaded(), before) << command;
    }
    static std::string loaded() {
        return output_of(
            {"sh", "-c",
             "nft list ruleset; sort /proc/net/ip_tables_names /proc/net/ip6_tables_names"});
    }
};

TEST_F(IptBackend, OfAFreshHostIsNftables) {
    expect("true", Backend::nftables, Backend::iptables_nft);
    expect("nft add table inet filter", Backend::nftables, Backend::iptables_nft);
}

TEST_F(IptBackend, FollowsTablesOfIptablesInNfTables) {
    for (const char* command :
         {"iptables-nft -t nat -A POSTROUTING -j ACCEPT", "iptables-nft -A INPUT -j ACCEPT",
          "ip6tables-nft -t nat -A OUTPUT -j ACCEPT", "ip6tables-nft -P FORWARD DROP"})
        expect(command, Backend::iptables_nft, Backend::iptables_nft);
}

TEST_F(IptBackend, TablesThatOnlyBearTheNameAreNotIptables) {
    for (const char* command : {"nft 'add table ip nat; add chain ip nat postrouting { type nat "
                                "hook postrouting priority 100; }'",
                                "nft 'add table ip nat; add chain ip nat POSTROUTING'",
                                "nft 'add table ip filter; add chain ip filter INPUT { type filter "
                                "hook input priority 5; }'"})
        expect(command, Backend::nftables, Backend::iptables_nft);
}

TEST_F(IptBackend, FollowsLegacyTablesInUse) {
    for (const char* command :
         {"iptables-legacy -A INPUT -j ACCEPT", "iptables-legacy -t nat -N MINE",
          "ip6tables-legacy -t mangle -A OUTPUT -j MARK --set-mark 1",
          "iptables-legacy -t nat -A OUTPUT -j ACCEPT; iptables-nft -A INPUT -j ACCEPT"})
        expect(command, Backend::iptables_legacy, Backend::iptables_legacy);
}

TEST_F(IptBackend, LegacyTablesWithoutRulesAreNotInUse) {
    for (const char* command : {"iptables-legacy -t nat -S; ip6tables-legacy -t filter -S",
                                "iptables-legacy -P FORWARD DROP",
                                "iptables-legacy -A INPUT -j ACCEPT; iptables-legacy -F"})
        expect(command, Backend::nftables, Backend::iptables_nft);
}

}  // namespace
}  // namespace cni::test
