#include <fcntl.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cni/version.h"
#include "support/plugin_run.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::test {
namespace {

const std::string folder = CNIXX_SOURCE_DIR "/conf-examples";

class Examples : public SandboxTest {
protected:
    /// cnitool as a runtime that has port mappings to pass on.
    static Finished tool(const std::string& command, const std::string& network,
                         const TestNetns& container, const std::string& ifname) {
        return run(
            {.argv = {cat(bin_dir(), "/cnitool"), command, network, container.path(), "-i", ifname},
             .environment = {
                 cat("CNI_PATH=", bin_dir()), cat("NETCONFPATH=", folder),
                 R"(CAP_ARGS={"portMappings":[{"hostPort":8080,"containerPort":80}]})"}});
    }
};

/// As hosts have one.
void make_uplink() {
    output_of({"ip", "link", "add", "eth0", "up", "type", "veth", "peer", "name", "wire"});
}

TEST_F(Examples, EachIsAddedCheckedAndDeleted) {
    const Fd dir = open_at(AT_FDCWD, folder.c_str(), O_RDONLY | O_DIRECTORY, 0, folder);
    int number = 0;
    make_uplink();
    for (const std::string& file : list_dir(Fd(::dup(dir.get())), folder)) {
        if (file.find(".conf") == file.npos) continue;
        const auto config =
            nlohmann::json::parse(read_file(cat(folder, "/", file), 1u << 20).value());
        const std::string network = config["name"];
        const std::string ifname = config.value("type", "") == "loopback" ? "lo" : "eth0";
        const TestNetns container(cat("c", ++number));
        for (const char* command : {"add", "check", "del", "del"}) {
            if (command[0] == 'c' && !at_least(config["cniVersion"].get<std::string>(), "0.4.0"))
                continue;  // no such command yet
            const Finished run = tool(command, network, container, ifname);
            EXPECT_TRUE(run.ok()) << file << " " << command << ": " << run.out << run.err;
        }
    }
    EXPECT_GT(number, 2);
}

}  // namespace
}  // namespace cni::test
