#include "ipam/host-local/resolv_conf.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace cni::host_local {
namespace {

using ::testing::ElementsAre;

TEST(HostLocalResolvConf, CollectsWhatAResultCanSay) {
    const Dns dns = parse_resolv_conf(
        "# comment\n; another\n\n  nameserver\t192.0.2.1 ignored\nnameserver not-validated\r\n"
        "domain a.example\ndomain b.example\nsearch one two\nsearch three\n"
        "options ndots:2 rotate\nsortlist 10.0.0.0\nNameserver 192.0.2.9\nnameserver\n");
    EXPECT_THAT(dns.nameservers, ElementsAre("192.0.2.1", "not-validated"));
    EXPECT_EQ(dns.domain, "b.example");
    EXPECT_THAT(dns.search, ElementsAre("one", "two", "three"));
    EXPECT_THAT(dns.options, ElementsAre("ndots:2", "rotate"));
}

TEST(HostLocalResolvConf, IsEmptyWithoutAPath) {
    EXPECT_TRUE(read_resolv_conf("").empty());
}

TEST(HostLocalResolvConf, NamesTheFileItCannotRead) {
    try {
        read_resolv_conf("/nonexistent");
        FAIL();
    } catch (const SysError& error) {
        EXPECT_EQ(error.msg, "open /nonexistent: No such file or directory");
    }
}

}  // namespace
}  // namespace cni::host_local
