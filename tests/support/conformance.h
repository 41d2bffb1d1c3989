#pragma once

#include <gmock/gmock.h>

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/bridge_fixture.h"
#include "support/process.h"
#include "support/traces.h"

namespace cni::test {

/// What a plugin does in a network.
enum class Role {
    interface,  ///< makes CNI_IFNAME
    existing,   ///< works on an interface that every container has
    chained,    ///< changes or adds to what the plugins before it have made
    ipam,       ///< hands out addresses, and looks at no namespace
};

/// All that is said of a plugin to put it through the suite.
struct Row {
    std::string_view plugin;
    Role role;
    /// A configuration that uses all that the plugin keeps: its keys but cniVersion, name, type and
    /// prevResult.
    std::string_view keys;
    /// Its ADD and CHECK do without the result of others, or of its own ADD.
    bool needs_no_record = false;
    /// Its ADD and CHECK do without the namespace.
    bool needs_no_netns = false;
    /// What it makes lies in the container alone: nothing on the host leads to it.
    bool is_inside = false;
    /// A link of the host that it takes for granted, there and up; "": none.
    std::string_view parent = {};
    /// A file of the host that it takes for granted: "" for none.
    std::string_view file = {};
    std::string_view content = {};
    /// It asks a DHCP server: there is one behind `parent`, the daemon beside it, and the container
    /// has an interface on `parent`.
    bool asks_server = false;
    /// That link is what the container gets: it goes with a namespace that is gone.
    bool lends_parent = false;
    /// Many kernels lack what it makes: its tests are named Vm..., see tests/vm/README.md.
    bool needs_stock_kernel = false;
};

/// What the flannel daemon writes.
inline constexpr std::string_view flannel_subnets =
    "FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.2.1/24\n"
    "FLANNEL_IPV6_NETWORK=fd00:1::/48\nFLANNEL_IPV6_SUBNET=fd00:1:2::1/64\n"
    "FLANNEL_MTU=1450\nFLANNEL_IPMASQ=false\n";

constexpr Row rows[] = {
    {.plugin = "bridge",
     .role = Role::interface,
     .keys = R"({"isGateway": true, "ipMasq": true, "macspoofchk": true,
                 "ipam": {"type": "host-local",
                          "ranges": [[{"subnet": "10.1.2.0/24"}], [{"subnet": "fd00:1:2::/64"}]],
                          "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}})"},
    {.plugin = "ptp", .role = Role::interface, .keys = R"({"ipMasq": true,
                 "ipam": {"type": "host-local",
                          "ranges": [[{"subnet": "10.1.3.0/24"}], [{"subnet": "fd00:1:3::/64"}]],
                          "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}})"},
    {.plugin = "dummy",
     .role = Role::interface,
     .keys = R"({"mac": "02:00:00:00:00:01", "mtu": 1400,
                 "ipam": {"type": "host-local",
                          "ranges": [[{"subnet": "10.1.2.0/24"}], [{"subnet": "fd00:1:2::/64"}]],
                          "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}})",
     .is_inside = true,
     .needs_stock_kernel = true},
    {.plugin = "macvlan",
     .role = Role::interface,
     .keys = R"({"master": "m0", "mode": "vepa", "mtu": 1400, "mac": "02:00:00:00:00:09",
                 "bcqueuelen": 2000,
                 "ipam": {"type": "host-local",
                          "ranges": [[{"subnet": "10.1.6.0/24"}], [{"subnet": "fd00:1:6::/64"}]],
                          "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}})",
     .is_inside = true,
     .parent = "m0"},
    {.plugin = "vlan",
     .role = Role::interface,
     .keys = R"({"master": "m0", "vlanId": 5, "protocol": "802.1ad", "mtu": 1400,
                 "ipam": {"type": "host-local",
                          "ranges": [[{"subnet": "10.1.7.0/24"}], [{"subnet": "fd00:1:7::/64"}]],
                          "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}})",
     .is_inside = true,
     .parent = "m0",
     .needs_stock_kernel = true},
    {.plugin = "ipvlan",
     .role = Role::interface,
     .keys = R"({"master": "m0", "mode": "l2", "isolation": "private", "mtu": 1400,
                 "ipam": {"type": "host-local",
                          "ranges": [[{"subnet": "10.1.8.0/24"}], [{"subnet": "fd00:1:8::/64"}]],
                          "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}})",
     .is_inside = true,
     .parent = "m0",
     .needs_stock_kernel = true},
    {.plugin = "host-device",
     .role = Role::interface,
     .keys = R"({"device": "m0",
                 "ipam": {"type": "host-local",
                          "ranges": [[{"subnet": "10.1.7.0/24"}], [{"subnet": "fd00:1:7::/64"}]],
                          "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}})",
     .parent = "m0",
     .lends_parent = true},
    {.plugin = "tap",
     .role = Role::interface,
     .keys =
         R"({"multiQueue": true, "mtu": 1400, "mac": "02:00:00:00:00:09", "owner": 0, "group": 0,
                 "ipam": {"type": "host-local",
                          "ranges": [[{"subnet": "10.1.8.0/24"}], [{"subnet": "fd00:1:8::/64"}]],
                          "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}})",
     .is_inside = true},
    {.plugin = "flannel",
     .role = Role::interface,
     .keys = R"({"delegate": {"hairpinMode": true, "macspoofchk": true}, "subnetFileWait": 1,
                 "ipam": {"routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}})",
     .file = "/run/flannel/subnet.env",
     .content = flannel_subnets},
    {.plugin = "loopback", .role = Role::existing, .keys = "{}", .needs_no_record = true},
    {.plugin = "portmap",
     .role = Role::chained,
     .keys = R"({"capabilities": {"portMappings": true},
                 "runtimeConfig": {"portMappings": [
                     {"hostPort": 8080, "containerPort": 80, "protocol": "tcp"},
                     {"hostPort": 8080, "containerPort": 80, "protocol": "udp"}]}})",
     .needs_no_netns = true},
    {.plugin = "firewall",
     .role = Role::chained,
     .keys = R"({"backend": "iptables", "iptablesAdminChainName": "MINE"})",
     .needs_no_netns = true},
    {.plugin = "bandwidth",
     .role = Role::chained,
     .keys = R"({"capabilities": {"bandwidth": true}, "egressRate": 8000000, "egressBurst": 800000,
                 "runtimeConfig": {"bandwidth": {"ingressRate": 8000000, "ingressBurst": 800000}}})",
     .needs_no_netns = true},
    {.plugin = "tuning", .role = Role::chained, .keys = R"({"sysctl": {"net.core.somaxconn": "500",
                            "net.ipv4.conf.IFNAME.arp_filter": "1"}})"},
    {.plugin = "sbr",
     .role = Role::chained,
     .keys = R"({"gateways": ["10.1.2.1", "fd00:1:2::1"], "addSourceHints": true})"},
    {.plugin = "vrf",
     .role = Role::chained,
     .keys = R"({"vrfname": "blue", "table": 10})",
     .needs_stock_kernel = true},
    {.plugin = "sample",
     .role = Role::chained,
     .keys = R"({"anotherAwesomeArg": "hello", "myAwesomeFlag": true})"},
    {.plugin = "debug",
     .role = Role::chained,
     .keys = R"({"addHooks": [["true"]]})",
     .needs_no_record = true,
     .needs_no_netns = true},
    {.plugin = "host-local",
     .role = Role::ipam,
     .keys = R"({"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.1.4.0/24"}]]}})",
     .needs_no_record = true,
     .needs_no_netns = true},
    {.plugin = "dhcp",
     .role = Role::ipam,
     .keys = R"({"ipam": {"type": "dhcp", "family": "both"}})",
     .needs_no_record = true,
     .needs_no_netns = true,
     .parent = "m0",
     .asks_server = true},
    {.plugin = "static",
     .role = Role::ipam,
     .keys = R"({"ipam": {"type": "static", "addresses": [{"address": "10.1.5.2/24"}]}})",
     .needs_no_netns = true},
};

/// "host_local"
std::string name_of(const Row& row);
void PrintTo(const Row& row, std::ostream* stream);

/// Those for which all of this is true.
using Wanted = bool (*)(const Row&);
std::vector<Row> rows_where(std::initializer_list<Wanted> wanted);
bool is_any(const Row& row);
bool is_for_any_kernel(const Row& row);
bool is_for_stock_kernel(const Row& row);

/// Puts the rows for which `wanted` is true through a suite.
#define CNIXX_CONFORMANCE(suite, wanted)                                                     \
    INSTANTIATE_TEST_SUITE_P(, suite,                                                        \
                             ::testing::ValuesIn(rows_where({wanted, is_for_any_kernel})),   \
                             [](const auto& each) { return name_of(each.param); });          \
    INSTANTIATE_TEST_SUITE_P(Vm, suite,                                                      \
                             ::testing::ValuesIn(rows_where({wanted, is_for_stock_kernel})), \
                             [](const auto& each) { return name_of(each.param); })

/// Calls of one plugin in network "net1" for one container, "c1", eth0. On a host that the plugin
/// was used on before: what is shared by all attachments is there.
class Conformance : public SandboxTest,
                    protected BridgeCalls,
                    public ::testing::WithParamInterface<Row> {
protected:
    void SetUp() override;

    static bool is(Role role) { return GetParam().role == role; }
    static std::string plugin() { return std::string(GetParam().plugin); }
    /// Whether DEL and GC find what it made without looking into the container.
    static bool is_found_from_host() { return is(Role::interface) && !GetParam().is_inside; }
    /// Another host, never used before, that has what the plugin takes for granted.
    void enter_fresh_host();
    /// The same without all of that but a daemon, if it is to be asked.
    void enter_unused_host();

    /// What a runtime gives to the plugin; prevResult is that of the plugins before it, if it is
    /// chained. `keys` are laid over it (RFC 7386: null removes).
    json config(const std::string& version = "1.1.0", const json& keys = json::object()) const;
    PluginArgs args() const { return BridgeCalls::args(*container_); }
    PluginRun call(const std::string& command, const json& config) const {
        return call(command, config, args());
    }
    PluginRun call(const std::string& command, const json& config, const PluginArgs& args) const;
    /// A successful ADD's result.
    json add(const std::string& version = "1.1.0") const;
    /// With the result of its ADD as prevResult.
    static json recorded(json config, const json& result);
    /// GC in which these containers are valid, each with eth0.
    PluginRun gc(const std::vector<std::string>& valid) const;

    /// Exit status 0 and not a word.
    static void expect_silent_success(const PluginRun& run);
    static void expect_error(const PluginRun& run, int code, const std::string& message);

    /// Whatever is there: of the host and of the container.
    Traces traces() const;
    /// As SetUp() found it behind the first attachment. What is left to go with its container may
    /// have an effect on its parent until then.
    void expect_no_trace_on_host() const {
        EXPECT_EQ(difference(without_parent(host_before_), without_parent(host_traces())), "");
    }
    void expect_no_trace() const { EXPECT_EQ(difference(before_, traces()), ""); }

    std::optional<TestNetns> container_;

private:
    void make_prerequisites();
    void start_daemon();
    void put_on_interface(const json& result) const;
    static Traces without_parent(Traces traces);
    /// What stands before a plugin in its chain.
    static json others(const std::string& version = "1.1.0");
    json result_of_others(const std::string& version) const;

    json result_of_others_;
    Traces before_, host_before_;
    std::optional<Process> dhcp_server_, dhcp_daemon_;
};

}  // namespace cni::test
