#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cni/version.h"
#include "support/dhcp.h"
#include "support/plugin_run.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::test {
namespace {

const std::string folder = CNIXX_SOURCE_DIR "/conf-examples";

/// Whether the running kernel may lack what the network's plugins need.
bool needs_stock_kernel(const nlohmann::json& network) {
    const auto plugins = network.value("plugins", nlohmann::json::array({network}));
    return std::ranges::any_of(plugins, [](const auto& p) {
        return p["type"] == "dummy" || p["type"] == "ipvlan" || p["type"] == "vlan" ||
               p["type"] == "vrf";
    });
}

/// A host with an uplink, eth0, to a network that has a DHCP server, and a subnet that the flannel
/// daemon got.
class Examples : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        output_of({"ip", "link", "add", "eth0", "up", "type", "veth", "peer", "name", "wire"});
        output_of({"ip", "link", "set", "wire", "up"});
        output_of({"ip", "address", "add", "192.168.1.1/24", "dev", "wire"});
        output_of({"ip", "link", "add", "eth1", "up", "type", "veth", "peer", "name", "wire1"});
        output_of({"sh", "-ec", "mkdir /run/flannel; cat >/run/flannel/subnet.env"},
                  "FLANNEL_NETWORK=10.27.0.0/16\nFLANNEL_SUBNET=10.27.1.1/24\n"
                  "FLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n");
        dhcp_server_.emplace(
            start_dnsmasq(Netns::current(), "wire", "192.168.1.100,192.168.1.199"));
        dhcp_daemon_.emplace(start_dhcp_daemon());
    }

    /// cnitool as a runtime that has port mappings to pass on.
    static Finished tool(const std::string& command, const std::string& network,
                         const TestNetns& container, const std::string& ifname) {
        return run(
            {.argv = {cat(bin_dir(), "/cnitool"), command, network, container.path(), "-i", ifname},
             .environment = {
                 cat("CNI_PATH=", bin_dir()), cat("NETCONFPATH=", folder),
                 R"(CAP_ARGS={"portMappings":[{"hostPort":8080,"containerPort":80}]})"}});
    }

    /// Those that the running kernel may lack something for, or the others.
    static void try_each(bool of_stock_kernel) {
        const Fd dir = open_at(AT_FDCWD, folder.c_str(), O_RDONLY | O_DIRECTORY, 0, folder);
        int number = 0;
        for (const std::string& file : list_dir(Fd(::dup(dir.get())), folder)) {
            if (file.find(".conf") == file.npos) continue;
            const auto config =
                nlohmann::json::parse(read_file(cat(folder, "/", file), 1u << 20).value());
            if (needs_stock_kernel(config) != of_stock_kernel) continue;
            const std::string network = config["name"];
            const std::string ifname = config.value("type", "") == "loopback" ? "lo" : "eth0";
            const TestNetns container(cat("c", ++number));
            for (const char* command : {"add", "check", "del", "del"}) {
                if (command[0] == 'c' &&
                    !at_least(config["cniVersion"].get<std::string>(), "0.4.0"))
                    continue;  // no such command yet
                const Finished run = tool(command, network, container, ifname);
                EXPECT_TRUE(run.ok()) << file << " " << command << ": " << run.out << run.err;
            }
        }
        EXPECT_GT(number, 0);
    }

private:
    std::optional<Process> dhcp_server_, dhcp_daemon_;
};

class VmExamples : public Examples {
protected:
    void SetUp() override {
        Examples::SetUp();
        if (!IsSkipped()) skip_without_vlan_filtering();
    }
};

TEST_F(Examples, EachIsAddedCheckedAndDeleted) {
    try_each(false);
}

TEST_F(VmExamples, EachIsAddedCheckedAndDeleted) {
    try_each(true);
}

}  // namespace
}  // namespace cni::test
