// Which backend is chosen for what a host has.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "rules/backend.h"
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

void write_to(const char* path, std::string_view text) {
    write_all(open_at(AT_FDCWD, path, O_WRONLY, 0, path).get(), text, path);
}

// In a network namespace that was made ahead of the mappings of its user namespace, by somebody who
// is not root, as rootless runtimes do: 0 when all works although the tables' names cannot be read.
int look_where_names_are_hidden() try {
    constexpr int other = 1, impossible = 77;
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 &&
        (::setresgid(nobody, nobody, nobody) < 0 || ::setresuid(nobody, nobody, nobody) < 0))
        return impossible;
    ::prctl(PR_SET_DUMPABLE, 1);  // whoever changes its user may no longer write its own maps
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) < 0) return impossible;
    write_to("/proc/self/setgroups", "deny");
    write_to("/proc/self/uid_map", cat("0 ", uid, " 1"));
    write_to("/proc/self/gid_map", cat("0 ", gid, " 1"));
    checked(::mount("tmpfs", "/run", "tmpfs", 0, nullptr), "mount on /run");
    const Fd names(::open("/proc/self/net/ip_tables_names", O_RDONLY));
    if (names || errno != EACCES) return impossible;
    nft::Connection nft;
    if (choose_backend(nft, {}) != Backend::nftables) return other;
    if (choose_backend(nft, "iptables") != Backend::iptables_nft) return other;
    constexpr ipt::TableId nat{Family::v4, ipt::TableName::nat};
    if (ipt::has_table(nft, ipt::Flavour::legacy, nat)) return other;
    ipt::Rule rule;
    rule.target = ipt::Verdict::accept;
    ipt::change(nft, ipt::Flavour::legacy, nat,
                [&](ipt::Table& table) { table.append("OUTPUT", rule); });
    return ipt::has_table(nft, ipt::Flavour::legacy, nat) ? 0 : other;
} catch (const Error& error) {
    ::dprintf(STDERR_FILENO, "%s\n", error.what());
    return 2;
}

// Not in a sandbox: there only one user is.
TEST(IptBackendOfRootless, NamesOfTablesNeedNotBeReadable) {
    const pid_t pid = checked(::fork(), "fork");
    if (pid == 0) ::_exit(look_where_names_are_hidden());
    int status = 0;
    checked(::waitpid(pid, &status, 0), "wait");
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        GTEST_SKIP() << "no user namespaces, or no names of legacy tables to hide";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace cni::test
