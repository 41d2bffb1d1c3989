#include "support/uplink_fixture.h"

#include <gmock/gmock.h>

namespace cni::test {
namespace {

using nlohmann::json;

// Files are left out: host-local keeps where it left off.
Snapshot snapshot_of(const Netns& netns) {
    Snapshot snapshot = netns.run(take_snapshot);
    snapshot.files.clear();
    return snapshot;
}

}  // namespace

OutsideOptions gateway_outside() {
    return {.host_address = "10.1.2.254/24",
            .outside_address = "10.1.2.1/24",
            .host_address6 = "fd00:1:2::fe/64",
            .outside_address6 = "fd00:1:2::1/64"};
}

json UplinkCalls::network(const json& keys) const {
    json config = layer3({{"type", plugin_}, {"isGateway", nullptr}, {"master", "uplink"}});
    config.merge_patch(keys);
    return config;
}

json UplinkCalls::scripted(const json& keys) const {
    json config = network({{"ipam", nullptr}});
    config["ipam"]["type"] = ScriptedIpam::type;
    config.merge_patch(keys);
    return config;
}

json UplinkCalls::recorded(json config, const json& result) {
    config["prevResult"] = result;
    return config;
}

PluginRun UplinkCalls::call(const std::string& command, const json& config) const {
    PluginArgs none{.container_id = {}, .netns = {}, .ifname = {}};
    none.path = cat(bin_dir(), ":", ScriptedIpam::dir);
    json current = config;
    current["cniVersion"] = "1.1.0";
    return call(command, none, current);
}

PluginRun UplinkCalls::reference(const std::string& command, const TestNetns& container,
                                 const json& config) const {
    PluginArgs theirs = args(container);
    theirs.executables = *reference_dir();
    theirs.path = theirs.executables;
    return call(command, theirs, config);
}

json UplinkCalls::add(const TestNetns& container, const json& config,
                      const std::string& ifname) const {
    const PluginRun run = call("ADD", args(container, ifname), config);
    EXPECT_TRUE(run.ok()) << config << run.report();
    EXPECT_EQ(run.err, "");
    return run.ok() ? run.json() : json::object();
}

void UplinkCalls::del(const TestNetns& container, const json& config,
                      const std::string& ifname) const {
    const PluginRun run = call("DEL", args(container, ifname), config);
    EXPECT_TRUE(run.ok()) << config << run.report();
    EXPECT_EQ(run.out, "");
}

void UplinkCalls::expect_sound(const TestNetns& container, const json& config,
                               const json& result) const {
    const PluginRun run = check(container, config, result);
    EXPECT_TRUE(run.ok()) << config << run.report();
    EXPECT_EQ(run.out, "");
}

void UplinkCalls::expect_fault(const TestNetns& container, const json& config, const json& result,
                               const std::string& message) const {
    const PluginRun run = check(container, config, result);
    EXPECT_EQ(run.error_code(), 999) << run.report();
    EXPECT_THAT(run.error_message(), ::testing::HasSubstr(message)) << run.report();
}

void UplinkCalls::expect_noticed(const json& config, const std::string& commands,
                                 const std::string& message) const {
    SCOPED_TRACE(commands);
    const TestNetns c("c1");
    const json result = add(c, config);
    expect_sound(c, config, result);
    shell(c, commands);
    expect_fault(c, config, result, message);
    del(c, config);
}

void UplinkCalls::expect_answer(const TestNetns& client, const json& result,
                                const TestNetns& server, const std::string& address) {
    const char family = address.find(':') == address.npos ? '4' : '6';
    for (const auto exchange : {exchange_tcp, exchange_udp}) {
        const Exchange seen =
            exchange({.server = server.netns(), .address = address, .client = client.netns()});
        EXPECT_TRUE(seen.answered) << address << ": " << seen.failure;
        EXPECT_EQ(seen.peer_address, address_of(result, family));
    }
}

std::string UplinkCalls::expect_refused(const json& config, int code, const std::string& message,
                                        const std::string& cni_args) const {
    const TestNetns c("c1");
    PluginArgs with = args(c);
    with.args = cni_args;
    const Netns here = Netns::current();
    const Snapshot host = snapshot_of(here), container = snapshot_of(c.netns());
    const auto handed_out = leases();
    const PluginRun run = call("ADD", with, config);
    EXPECT_EQ(run.error_code(), code) << config << "\n" << run.report();
    EXPECT_EQ(run.error_message(), message) << config;
    EXPECT_EQ(snapshot_of(here), host) << config;
    EXPECT_EQ(leases(), handed_out) << config;
    EXPECT_EQ(snapshot_of(c.netns()), container) << config;
    return run.error_code() > 0 ? run.json().value("details", "") : "";
}

}  // namespace cni::test
