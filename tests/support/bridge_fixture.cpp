#include "support/bridge_fixture.h"

#include <algorithm>

#include "base/text.h"
#include "sys/sysctl.h"

namespace cni::test {
namespace {

using nlohmann::json;

json merged(json base, const json& keys) {
    base.merge_patch(keys);
    return base;
}

}  // namespace

json BridgeCalls::layer2(const json& keys) {
    return merged({{"cniVersion", "1.0.0"}, {"name", "net1"}, {"type", "bridge"}}, keys);
}

json BridgeCalls::layer3(const json& keys) {
    const json ipam = {{"type", "host-local"},
                       {"ranges", {{{{"subnet", "10.1.2.0/24"}}}, {{{"subnet", "fd00:1:2::/64"}}}}},
                       {"routes", {{{"dst", "0.0.0.0/0"}}, {{"dst", "::/0"}}}}};
    return merged(layer2({{"isGateway", true}, {"ipam", ipam}}), keys);
}

json BridgeCalls::scripted(const json& keys) {
    return merged(layer2({{"ipam", {{"type", ScriptedIpam::type}}}}), keys);
}

std::string BridgeCalls::ipam_result(std::initializer_list<const char*> addresses,
                                     const json& keys) {
    json ips = json::array();
    for (const std::string address : addresses) {
        const bool is_v6 = address.find(':') != address.npos;
        ips.push_back({{"address", address}, {"gateway", is_v6 ? "fd00:1:2::1" : "10.1.2.1"}});
    }
    return merged({{"cniVersion", "1.0.0"}, {"ips", ips}}, keys).dump();
}

PluginArgs BridgeCalls::args(const TestNetns& container, const std::string& ifname) {
    PluginArgs result{
        .container_id = container.name(), .netns = container.path(), .ifname = ifname};
    result.path = cat(bin_dir(), ":", ScriptedIpam::dir);
    return result;
}

json BridgeCalls::add(const TestNetns& container, const json& config, const std::string& ifname) {
    const PluginRun run = try_add(container, config, ifname);
    EXPECT_TRUE(run.ok()) << run.report();
    return run.ok() ? run.json() : json::object();
}

PluginRun BridgeCalls::try_add(const TestNetns& container, const json& config,
                               const std::string& ifname) {
    return call("ADD", args(container, ifname), config);
}

void BridgeCalls::del(const TestNetns& container, const json& config, const std::string& ifname) {
    const PluginRun run = call("DEL", args(container, ifname), config);
    EXPECT_TRUE(run.ok()) << run.report();
}

std::vector<std::string> BridgeCalls::leases() {
    std::vector<std::string> found;
    const std::string shown = run({.argv = {"ls", "/var/lib/cni/networks/net1"}}).out;
    for (const std::string_view name : split(shown, '\n'))
        if (name.starts_with("10.") || name.starts_with("fd")) found.emplace_back(name);
    return found;
}

PluginRun BridgeCalls::call(const std::string& command, const PluginArgs& args,
                            const json& config) {
    return run_plugin("bridge", command, args, config.dump());
}

json BridgeCalls::link(const std::string& name) {
    const Finished shown = run({.argv = {"ip", "-d", "-j", "link", "show", "dev", name}});
    return shown.ok() ? json::parse(shown.out)[0] : json();
}

json BridgeCalls::link(const TestNetns& container, const std::string& name) {
    return container.run([&] { return link(name); });
}

std::vector<std::string> BridgeCalls::addresses(const std::string& ifname) {
    std::vector<std::string> found;
    const auto links =
        json::parse(output_of({"ip", "-j", "address", "show", "dev", ifname, "scope", "global"}));
    for (const json& shown : links) {
        // What does not match the scope is there as an empty object.
        if (!shown.contains("addr_info")) continue;
        for (const json& address : shown["addr_info"])
            if (address.contains("local"))
                found.push_back(
                    cat(address["local"].get<std::string>(), "/", address["prefixlen"].get<int>()));
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<std::string> BridgeCalls::addresses(const TestNetns& container,
                                                const std::string& ifname) {
    return container.run([&] { return addresses(ifname); });
}

std::string BridgeCalls::address_of(const json& result, char family) {
    for (const json& ip : result["ips"]) {
        const std::string address = ip["address"];
        if ((address.find(':') == address.npos) == (family == '4'))
            return address.substr(0, address.find('/'));
    }
    return {};
}

std::string BridgeCalls::sysctl(const std::string& key) {
    return find_sysctl(key).value_or("");
}

Snapshot BridgeCalls::host_snapshot() {
    Snapshot snapshot = take_snapshot();
    std::erase_if(snapshot.files,
                  [](const auto& file) { return file.first.starts_with("/run/netns/"); });
    return snapshot;
}

std::string BridgeCalls::ruleset() {
    return output_of({"nft", "--stateless", "list", "ruleset"});
}

}  // namespace cni::test
