#include <gtest/gtest.h>

#include "plugins/tuning/allowlist.h"
#include "plugins/tuning/backup.h"
#include "plugins/tuning/config.h"
#include "plugins/tuning/sysctl_file.h"
#include "support/thrown.h"

namespace cni::tuning {
namespace {

using test::thrown;

std::string file_of(const std::string& written, const std::string& ifname = "eth0") {
    return parse_sysctl_name(written, ifname).file();
}

TEST(TuningSysctlName, DotsAndSlashesDivide) {
    for (const char* written : {"net.core.somaxconn", "net/core/somaxconn", "/net/core/somaxconn",
                                "net//core//somaxconn", "net/core.somaxconn"})
        EXPECT_EQ(file_of(written), "/proc/sys/net/core/somaxconn") << written;
}

TEST(TuningSysctlName, TheFirstPlaceholderBecomesTheInterface) {
    const std::string file = "/proc/sys/net/ipv4/conf/eth0.7/arp_filter";
    EXPECT_EQ(file_of("net.ipv4.conf.IFNAME.arp_filter", "eth0.7"), file);
    EXPECT_EQ(file_of("net/ipv4/conf/IFNAME/arp_filter", "eth0.7"), file);
    EXPECT_EQ(file_of("net/ipv4/conf/eth0.7/arp_filter"), file);
    EXPECT_EQ(file_of("net.ipv4.conf.eth0/7.arp_filter"), file);
    EXPECT_EQ(file_of("net.ipv4.conf.IFNAME.IFNAME"), "/proc/sys/net/ipv4/conf/eth0/IFNAME");
}

TEST(TuningSysctlName, NothingLeadsOutOfNet) {
    for (const char* written :
         {"kernel.hostname", "net", "", "/", "network.core.x", "..", "vm/net/x"}) {
        const std::string key = written;
        EXPECT_EQ(thrown([&] { parse_sysctl_name(key, "eth0"); }).code, Code::invalid_config)
            << key;
    }
    EXPECT_EQ(thrown([] { parse_sysctl_name("kernel.hostname", "eth0"); }).msg,
              "invalid net sysctl key: \"kernel/hostname\"");
    for (const char* written :
         {"net/../kernel/hostname", "net/ipv4/conf/../tcp_fin_timeout", "net/ipv4/conf/./x"})
        for (const std::string& part : parse_sysctl_name(written, "eth0").parts)
            EXPECT_TRUE(part != ".." && part != "." && !part.empty()) << written;
}

TEST(TuningSysctlFile, ValuesAreComparedWordByWord) {
    EXPECT_TRUE(is_value("1024 65000", "1024\t65000"));
    EXPECT_TRUE(is_value(" 128 ", "128"));
    EXPECT_TRUE(is_value("0x10", "16"));
    EXPECT_TRUE(is_value("-1", "-1"));
    EXPECT_TRUE(is_value("4096", "4096\t131072\t6291456"));
    EXPECT_TRUE(is_value("cubic", "cubic"));
    EXPECT_FALSE(is_value("1024 65001", "1024\t65000"));
    EXPECT_FALSE(is_value("1 2", "1"));
    EXPECT_FALSE(is_value("cubic", "reno"));
    EXPECT_FALSE(is_value("1", ""));
}

TEST(TuningAllowlist, MatchesAnywhereInAnySpelling) {
    const auto allows = [](const char* list, const char* written) {
        try {
            Allowlist(list).require(parse_sysctl_name(written, "eth0"));
        } catch (const Error&) {
            return false;
        }
        return true;
    };
    const char* dotted = "\n  ^net\\.ipv4\\.conf\\.IFNAME\\.[a-z_]*$  \n\n";
    EXPECT_TRUE(allows(dotted, "net.ipv4.conf.IFNAME.arp_filter"));
    EXPECT_TRUE(allows(dotted, "net/ipv4/conf/IFNAME/arp_filter"));
    EXPECT_FALSE(allows(dotted, "net.ipv4.conf.eth0.arp_filter"));
    EXPECT_FALSE(allows(dotted, "net.ipv4.conf.IFNAME.arp_filter\n"));
    EXPECT_TRUE(allows("^net/core/somaxconn$", "net/core/somaxconn"));
    EXPECT_TRUE(allows("^net\\.core\\.somaxconn$", "/net//core/somaxconn"));
    EXPECT_TRUE(allows("net.ipv4.conf.eth0.forwarding", "net.ipv4.conf.IFNAME.forwarding"));
    EXPECT_TRUE(allows("x\nsomaxconn", "net.core.somaxconn"));
    EXPECT_FALSE(allows("SOMAXCONN", "net.core.somaxconn"));
    EXPECT_FALSE(allows("", "net.core.somaxconn"));
}

TEST(TuningAllowlist, RefusesWhatIsNoExpression) {
    const Error error = thrown([] { Allowlist("somaxconn\n[\n"); });
    EXPECT_EQ(error.code, Code::invalid_config);
    EXPECT_NE(error.msg.find("\"[\" in /etc/cni/tuning/allowlist.conf"), error.msg.npos);
}

Backup full() {
    Backup backup{.network = "net1"};
    backup.attributes = {.mac = Mac::parse("02:00:00:00:00:01"),
                         .promisc = false,
                         .mtu = 1500,
                         .allmulti = false,
                         .txqlen = 1000};
    backup.add(parse_sysctl_name("net.core.somaxconn", "eth0"), "128");
    return backup;
}

TEST(TuningBackup, IsTheFormatOfTheReferencePluginAndMore) {
    EXPECT_EQ(full().print(),
              "{\n \"mac\": \"02:00:00:00:00:01\",\n \"promisc\": false,\n \"mtu\": 1500,\n"
              " \"allmulti\": false,\n \"txQLen\": 1000,\n \"network\": \"net1\",\n"
              " \"sysctl\": {\n  \"net/core/somaxconn\": \"128\"\n }\n}");
    EXPECT_EQ(Backup::parse(full().print(), "f"), full());
    Attributes quiet;
    quiet.promisc = false;
    EXPECT_EQ(Backup::parse("{\n \"promisc\": false\n}", "f").attributes, quiet);
}

TEST(TuningBackup, SaysWhoseItIsAndOfWhat) {
    Backup backup = full();
    backup.attachment = {"pod_b", "eth0"};
    backup.place = {.boot_id = "b", .netns_cookie = 7, .netns_inode = 4026532000, .ifindex = 3};
    const std::string text = backup.print();
    for (const char* member :
         {"\"containerID\": \"pod_b\"", "\"ifname\": \"eth0\"", "\"bootID\": \"b\"",
          "\"netnsCookie\": 7", "\"netnsInode\": 4026532000", "\"ifindex\": 3"})
        EXPECT_NE(text.find(member), text.npos) << text;
    EXPECT_EQ(Backup::parse(text, "f"), backup);
}

TEST(TuningBackup, IsTrueInItsNamespaceAndOfItsInterfaceOnly) {
    Backup backup = full();
    backup.attachment = {"c1", "eth0"};
    backup.add(parse_sysctl_name("net.ipv4.conf.IFNAME.arp_filter", "eth0"), "0");
    backup.add(parse_sysctl_name("net.ipv4.conf.IFNAME.arp_filter", "eth1"), "0");
    const Place here{.boot_id = "b", .netns_cookie = 7, .netns_inode = 11, .ifindex = 3};
    EXPECT_TRUE(backup.still_true(here).empty()) << "it does not say where it belongs";
    backup.place = here;
    EXPECT_EQ(backup.still_true(here), backup);
    for (auto change : {+[](Place& p) { p.boot_id = "c"; }, +[](Place& p) { p.netns_cookie = 8; },
                        +[](Place& p) { p.netns_inode = 12; }}) {
        Place elsewhere = here;
        change(elsewhere);
        EXPECT_TRUE(backup.still_true(elsewhere).empty());
    }
    Place without_cookie = here;
    without_cookie.netns_cookie = 0;
    EXPECT_EQ(backup.still_true(without_cookie), backup);
    Place replaced = here;
    replaced.ifindex = 4;
    const Backup kept = backup.still_true(replaced);
    EXPECT_FALSE(kept.attributes.any());
    ASSERT_EQ(kept.sysctls.size(), 2u);
    EXPECT_EQ(kept.sysctls[0].key, "net/core/somaxconn");
    EXPECT_EQ(kept.sysctls[1].key, "net/ipv4/conf/eth1/arp_filter");
}

TEST(TuningBackup, KeepsWhatWasRecordedFirst) {
    Backup backup = full();
    Backup later = full();
    later.attributes.mtu = 1400;
    later.sysctls[0].value = "500";
    later.add(parse_sysctl_name("net.core.optmem_max", "eth0"), "1");
    backup.add(later);
    EXPECT_EQ(backup.attributes, full().attributes);
    ASSERT_EQ(backup.sysctls.size(), 2u);
    EXPECT_EQ(backup.sysctls[0].value, "128");
}

TEST(TuningBackup, NamesAGarbledFile) {
    for (const char* text :
         {"", "{", "[]", R"({"mtu":"x"})", R"({"mac":"xx"})",
          R"({"sysctl":{"net/../kernel/x":"1"}})", R"({"sysctl":{"vm/x":"1"}})"}) {
        const Error error = thrown([&] { Backup::parse(text, "/run/x.json"); });
        EXPECT_EQ(error.code, Code::decoding_failure) << text;
        EXPECT_EQ(error.msg, "backup file /run/x.json is garbled");
    }
}

}  // namespace
}  // namespace cni::tuning
