// What the plugins set on the host for all of it: the host stays connected, and what cannot be set
// is named.
#include <gmock/gmock.h>

#include <linux/rtnetlink.h>

#include "netlink/monitor.h"
#include "support/ptp_fixture.h"
#include "support/router.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class HostParameters : public SandboxTest,
                       protected BridgeCalls,
                       public ::testing::WithParamInterface<const char*> {
protected:
    static json network() { return layer3({{"type", GetParam()}}); }
    static PluginRun add(const TestNetns& container) {
        return run_plugin(GetParam(), "ADD", args(container), network().dump());
    }
    static void expect_added(const TestNetns& container) {
        const PluginRun run = add(container);
        EXPECT_TRUE(run.ok()) << run.report();
    }
    static void expect_checked(const TestNetns& container, const PluginRun& added) {
        json config = network();
        config["prevResult"] = added.json();
        const PluginRun run = run_plugin(GetParam(), "CHECK", args(container), config.dump());
        EXPECT_TRUE(run.ok()) << run.report();
    }
    static void write(const std::string& key, const std::string& value) {
        output_of({"sh", "-c", cat("echo ", value, " > /proc/sys/", key)});
    }
    static bool has_default_route(const std::string& ifname) {
        const std::string shown =
            output_of({"ip", "-6", "route", "show", "default", "proto", "ra", "dev", ifname});
        return !shown.empty();
    }
    /// Advertises until the host has a default route through the interface.
    static bool hears(const Router& router, const std::string& ifname) {
        NlMonitor monitor({RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_IFADDR, RTNLGRP_LINK});
        return monitor.wait(
            [&] {
                router.advertise();
                return has_default_route(ifname);
            },
            std::chrono::seconds(5));
    }
    static void set_read_only(bool read_only) {
        if (read_only)
            output_of({"sh", "-c",
                       "mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys"});
        else
            output_of({"umount", "/proc/sys"});
    }
};

INSTANTIATE_TEST_SUITE_P(Plugins, HostParameters, ::testing::Values("bridge", "ptp"),
                         [](const auto& plugin) { return std::string(plugin.param); });

TEST_P(HostParameters, TheHostKeepsItsRoutesFromRouterAdvertisements) {
    const Router router;
    output_of({"ip", "link", "set", "uplink", "up"});
    ASSERT_TRUE(hears(router, "uplink"));
    const TestNetns c("c1");
    expect_added(c);
    EXPECT_EQ(sysctl("net/ipv6/conf/all/forwarding"), "1");
    EXPECT_TRUE(has_default_route("uplink"));
    EXPECT_EQ(sysctl("net/ipv6/conf/uplink/accept_ra"), "2");
    output_of({"ip", "-6", "route", "delete", "default"});
    EXPECT_TRUE(hears(router, "uplink")) << "the next advertisement";
}

TEST_P(HostParameters, OnlyInterfacesThatListenedGoOnToListen) {
    const Router router;
    output_of({"sh", "-ec",
               "ip link add quiet type veth peer name other; ip link set quiet up;"
               "ip link set other up; ip link set uplink up"});
    ASSERT_TRUE(hears(router, "uplink"));
    write("net/ipv6/conf/uplink/accept_ra", "0");
    const TestNetns c("c1");
    expect_added(c);
    EXPECT_EQ(sysctl("net/ipv6/conf/uplink/accept_ra"), "0");
    EXPECT_EQ(sysctl("net/ipv6/conf/quiet/accept_ra"), "1");
    EXPECT_EQ(sysctl("net/ipv6/conf/default/accept_ra"), "1");
    EXPECT_EQ(sysctl("net/ipv6/conf/all/accept_ra"), "1");
}

TEST_P(HostParameters, ARouterStaysAsItIs) {
    const Router router;
    output_of({"ip", "link", "set", "uplink", "up"});
    ASSERT_TRUE(hears(router, "uplink"));
    write("net/ipv6/conf/all/forwarding", "1");
    const TestNetns c("c1");
    expect_added(c);
    EXPECT_EQ(sysctl("net/ipv6/conf/uplink/accept_ra"), "1");
}

TEST_P(HostParameters, WhatIsRightAlreadyNeedsNoWriting) {
    for (const char* key : {"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"}) write(key, "1");
    write("net/ipv6/conf/default/keep_addr_on_down", "1");
    write("net/ipv6/conf/default/accept_ra", "0");
    const TestNetns c("c1");
    c.output_of({"sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/keep_addr_on_down"});
    set_read_only(true);
    const PluginRun added = add(c);
    EXPECT_TRUE(added.ok()) << added.report();
    if (added.ok()) expect_checked(c, added);
    const PluginRun deleted = run_plugin(GetParam(), "DEL", args(c), network().dump());
    EXPECT_TRUE(deleted.ok()) << deleted.report();
    json gc = network();
    gc["cniVersion"] = "1.1.0";
    gc["cni.dev/valid-attachments"] = json::array();
    const PluginArgs none{.container_id = {}, .netns = {}, .ifname = {}};
    const PluginRun collected = run_plugin(GetParam(), "GC", none, gc.dump());
    EXPECT_TRUE(collected.ok()) << collected.report();
    set_read_only(false);
}

TEST_P(HostParameters, WhatCannotBeSetIsNamedWithTheReason) {
    const Router router;
    output_of({"ip", "link", "set", "uplink", "up"});
    ASSERT_TRUE(hears(router, "uplink"));
    const TestNetns c("c1");
    const auto expect_refused = [&](const std::string& message) {
        set_read_only(true);
        const PluginRun run = add(c);
        set_read_only(false);
        EXPECT_EQ(run.error_code(), 999) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(message));
        EXPECT_TRUE(link(c, "eth0").is_null());
        EXPECT_TRUE(has_default_route("uplink"));
    };
    expect_refused("set net/ipv6/conf/eth0/keep_addr_on_down to 1: Read-only file system");
    c.output_of({"sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/keep_addr_on_down"});
    write("net/ipv6/conf/default/keep_addr_on_down", "1");
    expect_refused(
        "failed to enable forwarding: set net/ipv4/ip_forward to 1: Read-only file system");
    write("net/ipv4/ip_forward", "1");
    expect_refused(
        "failed to enable forwarding: set net/ipv6/conf/uplink/accept_ra to 2: Read-only file "
        "system");
}

// The host may be connected by the bridge itself.
class BridgeOfTheHost : public HostParameters {};
INSTANTIATE_TEST_SUITE_P(Plugins, BridgeOfTheHost, ::testing::Values("bridge"),
                         [](const auto& plugin) { return std::string(plugin.param); });

TEST_P(BridgeOfTheHost, GoesOnListeningToItsRouter) {
    const Router router;
    output_of({"sh", "-ec",
               "ip link add cni0 type bridge; ip link set uplink master cni0;"
               "ip link set uplink up; ip link set cni0 up"});
    ASSERT_TRUE(hears(router, "cni0"));
    const TestNetns c("c1"), d("d1");
    const PluginRun added = add(c);
    EXPECT_TRUE(added.ok()) << added.report();
    expect_added(d);
    EXPECT_TRUE(has_default_route("cni0"));
    output_of({"ip", "-6", "route", "delete", "default"});
    EXPECT_TRUE(hears(router, "cni0")) << "the next advertisement";
    expect_checked(c, added);
}

TEST_P(BridgeOfTheHost, ListensToNobodyWhenNobodyWasHeardYet) {
    output_of({"sh", "-ec", "ip link add cni0 type bridge; ip link set cni0 up"});
    const TestNetns c("c1");
    const PluginRun added = add(c);
    EXPECT_TRUE(added.ok()) << added.report();
    EXPECT_EQ(sysctl("net/ipv6/conf/cni0/accept_ra"), "0");
    write("net/ipv6/conf/cni0/accept_ra", "1");
    json config = network();
    config["prevResult"] = added.json();
    const PluginRun run = run_plugin("bridge", "CHECK", args(c), config.dump());
    EXPECT_THAT(run.error_message(), HasSubstr("cni0"));
    EXPECT_EQ(run.error_code(), 999);
}

}  // namespace
}  // namespace cni::test
