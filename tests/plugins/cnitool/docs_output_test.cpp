// What docs/cnitool.md shows is what the program prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "base/file.h"
#include "node_fixture.h"

namespace cni::test {
namespace {

/// A command of the page, and the block behind it.
struct Shown {
    std::string command;
    std::string output;
};

// Blocks below a comment "cnitool ...".
std::vector<Shown> shown_in(const std::string& page) {
    std::vector<Shown> all;
    const std::regex block("<!-- (cnitool [^>]*[^ ]) -->\n```\n([^`]*)```\n");
    for (std::sregex_iterator at(page.begin(), page.end(), block), end; at != end; ++at)
        all.push_back({(*at)[1], (*at)[2]});
    return all;
}

class CnitoolDocs : public NodeTest {
protected:
    // The network of the page; one container lives, and one went without a DEL.
    CnitoolDocs() = default;
    void SetUp() override {
        NodeTest::SetUp();
        if (IsSkipped()) return;
        output_of({"rm", cat(net_d_.path(), "/net1.conflist")});
        json list = network();
        list["name"] = "mynet";
        list["plugins"][0].update({{"bridge", "cni0"}, {"ipMasq", true}});
        list["plugins"][0]["ipam"] = {{"type", "host-local"},
                                      {"subnet", "10.22.0.0/16"},
                                      {"routes", {{{"dst", "0.0.0.0/0"}}}}};
        list["plugins"].push_back(
            {{"type", "portmap"}, {"capabilities", {{"portMappings", true}}}});
        net_d_.write("10-mynet.conflist", list.dump());
    }

    /// As it is printed on a host where things are in their usual places.
    std::string settled(std::string text) const {
        const std::pair<std::string, std::string> places[] = {{bin_dir(), "/opt/cni/bin"},
                                                              {net_d_.path(), "/etc/cni/net.d"}};
        for (const auto& [from, to] : places)
            for (auto at = text.find(from); at != text.npos; at = text.find(from))
                text.replace(at, from.size(), to);
        return std::regex_replace(text, std::regex("[0-9-]{10}T[0-9:]{8}Z"),
                                  "2026-05-01T10:20:30Z");
    }
    std::string printed(const std::string& command) const {
        std::vector<std::string> words;
        for (const std::string_view word : split(command, ' ')) words.emplace_back(word);
        words.erase(words.begin());
        return settled(
            tool(words, {R"(CAP_ARGS={"portMappings":[{"hostPort":8080,"containerPort":80,)"
                         R"("protocol":"tcp"}]})"})
                .out);
    }
};

TEST_F(CnitoolDocs, ShowWhatIsPrinted) {
    const TestNetns c1("c1");
    TestNetns c2("c2");
    add(c1, "mynet");
    add(c2, "mynet");
    c2.output_of({"ip", "link", "del", "eth0"});
    c2.unmount();
    output_of({"sysctl", "-qw", "net.ipv4.ip_forward=0"});
    const auto all =
        shown_in(read_file(CNIXX_SOURCE_DIR "/docs/cnitool.md", std::size_t{1} << 20).value());
    std::vector<std::string> commands;
    for (const auto& [command, output] : all) {
        EXPECT_EQ(printed(command), output) << command;
        commands.push_back(command);
    }
    EXPECT_THAT(commands, ::testing::IsSupersetOf({"cnitool list", "cnitool ipam show",
                                                   "cnitool doctor", "cnitool explain mynet"}));
}

}  // namespace
}  // namespace cni::test
