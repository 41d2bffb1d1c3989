#include "support/chain_fixture.h"

#include <gmock/gmock.h>

#include "base/hash.h"
#include "base/text.h"

namespace cni::test {

using nlohmann::json;

void ChainCalls::configure(const json& more_tuning, Backends backends, json firewall,
                           const json& more_bridge) const {
    json backend;  // null is as good as absent
    if (backends == Backends::named) backend = way() == Way::nftables ? "nftables" : "iptables";
    json bridge = layer3({{"ipMasq", true}, {"ipMasqBackend", backend}});
    for (const char* key : {"name", "cniVersion"}) bridge.erase(key);
    bridge.merge_patch(more_bridge);
    json tuning = {
        {"type", "tuning"},
        {"mtu", 1400},
        {"sysctl", {{"net.core.somaxconn", "500"}, {"net.ipv4.conf.IFNAME.arp_filter", "1"}}},
        {"capabilities", {{"mac", true}}}};
    tuning.merge_patch(more_tuning);
    const char* version = calls_reference() ? "1.0.0" : "1.1.0";
    json portmap = {{"type", "portmap"}, {"capabilities", {{"portMappings", true}}}};
    portmap["backend"] = backend;
    json plugins = {bridge, portmap, tuning};
    if (!firewall.is_null()) {
        firewall.update({{"type", "firewall"}, {"backend", backend}});
        plugins.insert(plugins.end() - 1, firewall);
    }
    net_d_.write("10-net1.conflist",
                 json({{"cniVersion", version}, {"name", "net1"}, {"plugins", plugins}}).dump());
}

Program ChainCalls::tool_program(std::vector<std::string> words, const json& capabilities) const {
    words.insert(words.begin(), cat(bin_dir(), "/cnitool"));
    Program program{.argv = words, .environment = passed_on()};
    for (const std::string& entry :
         {cat("CNI_PATH=", executables()), cat("NETCONFPATH=", net_d_.path()),
          cat("CAP_ARGS=", capabilities.dump())})
        program.environment.push_back(entry);
    return program;
}

Program ChainCalls::tool_program(const std::string& command, const Attachment& a) const {
    return tool_program(
        {command, "net1", a.netns.path()},
        {{"mac", a.mac},
         {"portMappings", {mapping(a.host_port, 80), mapping(a.host_port, 80, "udp")}}});
}

Program ChainCalls::collection(const std::vector<std::string>& valid_netns) const {
    std::vector<std::string> words = {"gc", "net1"};
    for (const std::string& netns : valid_netns) {
        words.emplace_back("--valid");
        words.push_back(cat("cnitool-", sha512_hex(netns).substr(0, 20), ":eth0"));
    }
    if (valid_netns.empty()) words.emplace_back("--all");
    return tool_program(words, json::object());
}

void ChainCalls::attach(Attachment& a) const {
    const Finished added = tool("add", a);
    ASSERT_TRUE(added.ok()) << added.err;
    a.result = json::parse(added.out);
}

void ChainCalls::expect_ok(const std::string& command, const Attachment& a) const {
    const Finished finished = tool(command, a);
    EXPECT_TRUE(finished.ok()) << command << " " << a.netns.name() << ": " << finished.err;
}

Snapshot ChainCalls::traces() {
    Snapshot snapshot = host_snapshot();
    std::erase_if(snapshot.files, [](const auto& file) {
        return file.first.starts_with("/var/lib/cni/networks/");
    });
    return snapshot;
}

void ChainCalls::expect_skeleton_only() {
    EXPECT_THAT(leases(), ::testing::IsEmpty());
    EXPECT_EQ(output_of({"ip", "-o", "link", "show", "master", "cni0"}), "");
    const Snapshot now = traces();
    for (const auto& [path, content] : now.files)
        EXPECT_EQ(path.find("cnitool-"), path.npos) << "is left: " << path;
    for (const std::string* rules : {&now.nftables, &now.iptables})
        for (const char* part : {"10.1.2.", "fd00:1:2:", "cnitool-", "CNI-DN-", "net1"})
            EXPECT_THAT(*rules, Not(::testing::HasSubstr(part)));
}

}  // namespace cni::test
