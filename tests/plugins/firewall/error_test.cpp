// What is refused: before anything is changed.
#include "fixture.h"

#include "support/snapshot.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class FirewallErrors : public FirewallTest {
protected:
    void expect_refused(const Box& box, const json& keys, const std::string& message) const {
        const Snapshot before = take_snapshot();
        for (const char* command : {"ADD", "CHECK"}) {
            const PluginRun run = firewall(command, box, keys);
            EXPECT_EQ(run.error_code(), 7) << command << keys << run.report();
            EXPECT_EQ(run.error_message(), message) << command << keys;
        }
        EXPECT_EQ(take_snapshot(), before) << keys;
    }
    static json with_interfaces(const Box& box, const json& interfaces) {
        json result = box.result;
        result["interfaces"] = interfaces;
        for (json& ip : result["ips"]) ip.erase("interface");
        return {{"prevResult", result}, {"ingressPolicy", "isolated"}};
    }
};

CNIXX_FIREWALL_WAYS(FirewallErrors, all_ways);

TEST_P(FirewallErrors, OfTheConfiguration) {
    const Box c1("c1");
    expect_refused(c1, {{"prevResult", nullptr}}, "missing prevResult from earlier plugin");
    expect_refused(c1, {{"ingressPolicy", "foo"}}, "unknown ingress policy: \"foo\"");
    expect_refused(c1, {{"backend", "foo"}}, "unrecognized backend \"foo\"");
    for (const char* name : {"a zone", "x\n", "ä"})
        expect_refused(c1, {{"firewalldZone", name}},
                       cat("\"firewalldZone\" ", quote(name), " is no name of a zone"));
    for (const char* name : {"A B", "-A", "!A", "A\n", "ä", "a-name-that-is-longer-than-28"})
        expect_refused(c1, {{"iptablesAdminChainName", name}},
                       cat("\"iptablesAdminChainName\" ", quote(name), " is no name of a chain"));
    for (const char* name : {"ACCEPT", "FORWARD", "CNI-FORWARD", "CNI-FORWARD-OWNERS",
                             "CNI-ISOLATION-STAGE-1", "forward", "admin"})
        expect_refused(c1, {{"iptablesAdminChainName", name}},
                       cat("\"iptablesAdminChainName\" ", quote(name), " is taken"));
    EXPECT_TRUE(firewall("ADD", c1, {{"iptablesAdminChainName", std::string(28, 'a')}}).ok());
    EXPECT_TRUE(firewall("ADD", c1,
                         {{"backend", ""},
                          {"iptablesAdminChainName", ""},
                          {"ingressPolicy", ""},
                          {"firewalldZone", "home"}})
                    .ok());
}

TEST_P(FirewallErrors, OfAPolicyWithoutABridge) {
    const Box c1("c1");
    const std::string message =
        "interface needs to be set for ingress policy \"isolated\", make sure to chain "
        "\"firewall\" plugin with \"bridge\"";
    expect_refused(c1, with_interfaces(c1, json::array()), message);
    // The container's eth0 is not the host's.
    expect_refused(c1, with_interfaces(c1, {{{"name", "eth0"}, {"sandbox", c1.netns.path()}}}),
                   message);
    expect_refused(c1, with_interfaces(c1, {{{"name", ""}}}), "got empty bridge name");
    for (const char* name : {"cni+", "cni*", "a/b", "a b", "a-name-of-16-byt"})
        expect_refused(c1, with_interfaces(c1, {{{"name", name}}}),
                       cat("bridge name ", quote(name), " of prevResult cannot stand in a rule"));
}

TEST_P(FirewallErrors, OfStatus) {
    const PluginRun run =
        call("STATUS", {.container_id = {}, .netns = {}, .ifname = {}},
             {{"cniVersion", "1.1.0"}, {"name", "net1"}, {"type", "firewall"}, {"backend", "foo"}});
    EXPECT_EQ(run.error_code(), 7) << run.report();
    EXPECT_EQ(run.error_message(), "unrecognized backend \"foo\"");
}

}  // namespace
}  // namespace cni::test
