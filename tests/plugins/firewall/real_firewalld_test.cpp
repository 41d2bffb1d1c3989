// firewalld as Debian has it, which rejects what it is to forward from one zone to another.
#include "fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class FirewallRealFirewalld : public FirewallTest {
protected:
    void SetUp() override {
        FirewallTest::SetUp();
        if (IsSkipped()) return;
        if (!run({.argv = {"sh", "-c", "command -v firewalld && command -v dbus-daemon"}}).ok())
            GTEST_SKIP() << "needs the packages firewalld and dbus-daemon";
        bus_.emplace(start_bus());
        output_of({"sh", "-ec",
                   "mkdir /run/zones; echo FirewallBackend=nftables >/run/zones/firewalld.conf"});
        firewalld_.emplace(
            Process::start({.argv = {"firewalld", "--nofork", "--nopid", "--log-file=/run/log",
                                     "--system-config=/run/zones"}}));
        output_of({"sh", "-c", "until firewall-cmd --state; do sleep 0.1; done 2>&1"});
    }
    void TearDown() override {
        firewalld_.reset();
        bus_.reset();
        FirewallTest::TearDown();
    }

    static std::string ask(const std::string& words) {
        return std::string(trim(output_of({"sh", "-ec", "firewall-cmd " + words})));
    }
    static std::string sources(const std::string& zone = "trusted") {
        return ask(cat("--list-sources --zone=", zone));
    }
    static json keys(json more = json::object()) {
        more["backend"] = nullptr;
        return more;
    }
    static std::string both_addresses(const Box& box) {
        return cat(box.address('4'), "/32 ", box.address('6'), "/128");
    }

private:
    std::optional<Process> bus_, firewalld_;
};

constexpr Way with_nftables[] = {Way::nftables};
CNIXX_FIREWALL_WAYS(FirewallRealFirewalld, with_nftables);

TEST_P(FirewallRealFirewalld, LetsThroughAndForgets) {
    const Box c1("c1");
    for (const char family : both) EXPECT_FALSE(reaches_world(c1, family)) << family;
    admit(c1, keys());
    admit(c1, keys());
    EXPECT_EQ(sources(), both_addresses(c1));
    for (const char family : both) EXPECT_TRUE(reaches_world(c1, family)) << family;
    EXPECT_EQ(fault(c1, keys()), "");
    ask("--reload");
    EXPECT_THAT(fault(c1, keys()), HasSubstr("failed to find the address 10.1.2.2/32 in trusted"));
    admit(c1, keys());
    EXPECT_EQ(sources(), both_addresses(c1));
    dismiss(c1);
    dismiss(c1);
    EXPECT_EQ(sources(), "");
    EXPECT_TRUE(is_cut_off_from_world(c1, '4'));
}

TEST_P(FirewallRealFirewalld, RefusesWhatAnotherZoneHas) {
    const Box c1("c1");
    const PluginRun unknown = firewall("ADD", c1, keys({{"firewalldZone", "nowhere"}}));
    EXPECT_EQ(unknown.error_code(), 7) << unknown.report();
    ask("--zone=home --add-source=10.1.2.2/32");
    EXPECT_THAT(firewall("ADD", c1, keys()).error_message(),
                HasSubstr("failed to add the address 10.1.2.2/32 to trusted zone: ZONE_CONFLICT"));
    dismiss(c1);
    EXPECT_EQ(sources(), "");
    EXPECT_EQ(sources("home"), "10.1.2.2/32") << "somebody else's";
}

}  // namespace
}  // namespace cni::test
