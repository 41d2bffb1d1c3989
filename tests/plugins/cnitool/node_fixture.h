#pragma once

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/plugin_run.h"
#include "support/process.h"
#include "support/recording.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::test {

/// A node with network "net1": bridge cni1 with host-local, 10.1.2.0/24.
class NodeTest : public SandboxTest {
protected:
    using json = nlohmann::json;

    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) write_network(network());
    }

    static json network() {
        return R"({"cniVersion":"1.0.0","name":"net1","plugins":[{"type":"bridge","bridge":"cni1",
            "isGateway":true,"ipam":{"type":"host-local","subnet":"10.1.2.0/24"}}]})"_json;
    }
    void write_network(const json& list) const {
        net_d_.write(cat(list["name"].get<std::string>(), ".conflist"), list.dump());
    }

    Finished tool(const std::vector<std::string>& words,
                  std::vector<std::string> more_environment = {}) const {
        Program program{.argv = {cat(bin_dir(), "/cnitool")}};
        program.argv.insert(program.argv.end(), words.begin(), words.end());
        // The first of two entries counts.
        program.environment = std::move(more_environment);
        for (std::string& entry : environment()) program.environment.push_back(std::move(entry));
        return run(program);
    }
    std::vector<std::string> environment() const {
        std::vector<std::string> all = {cat("NETCONFPATH=", net_d_.path()),
                                        cat("CNI_PATH=", bin_dir())};
        for (const std::string& entry : Program::inherited()) all.push_back(entry);
        return all;
    }
    /// What it prints as JSON; its exit status has to be 0.
    json parsed(const std::vector<std::string>& words) const {
        const Finished finished = tool(words);
        EXPECT_TRUE(finished.ok()) << finished.err;
        return json::parse(finished.out);
    }
    void add(const TestNetns& container, const std::string& network = "net1") const {
        const Finished added = tool({"add", network, container.path()});
        EXPECT_TRUE(added.ok()) << added.err;
    }
    /// The one file in the results directory.
    static std::string kept_result() {
        const std::string names = output_of({"ls", results});
        return cat(results, "/", names.substr(0, names.find('\n')));
    }
    static void write(const std::string& path, const std::string& content) {
        output_of({"tee", path}, content);
    }

    static constexpr const char* results = "/var/lib/cni/results";
    static constexpr const char* leases = "/var/lib/cni/networks/net1";
    TempDir net_d_;
};

}  // namespace cni::test
