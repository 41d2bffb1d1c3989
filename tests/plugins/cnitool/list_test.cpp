// cnitool list: kept results, leases and the kernel joined.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node_fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CnitoolList : public NodeTest {
protected:
    json only_attachment() const {
        const json list = parsed({"list", "-o", "json"})["attachments"];
        EXPECT_EQ(list.size(), 1u) << list;
        return list.empty() ? json::object() : list[0];
    }
    json faults() const { return only_attachment()["faults"]; }
};

TEST_F(CnitoolList, ShowsAllThatIsKnownOfAnAttachment) {
    const TestNetns c1("c1");
    add(c1);
    const json found = only_attachment();
    EXPECT_EQ(found["network"], "net1");
    EXPECT_THAT(found["containerID"].get<std::string>(), StartsWith("cnitool-"));
    EXPECT_EQ(found["ifname"], "eth0");
    EXPECT_EQ(found["addresses"], R"(["10.1.2.2/24"])"_json);
    EXPECT_EQ(found["netns"], c1.path());
    EXPECT_EQ(found["result"], kept_result());
    EXPECT_EQ(found["leases"], json::array({cat(leases, "/10.1.2.2")}));
    EXPECT_EQ(found["bridge"], "cni1");
    EXPECT_THAT(output_of({"ip", "-br", "link", "show", "master", "cni1"}),
                StartsWith(cat(found["hostInterface"].get<std::string>(), "@")));
    EXPECT_THAT(c1.output_of({"cat", "/proc/net/dev"}), HasSubstr("eth0"));
    EXPECT_THAT(c1.output_of({"ip", "link", "show", "eth0"}),
                HasSubstr(found["mac"].get<std::string>()));
    EXPECT_THAT(found["since"].get<std::string>(),
                ::testing::MatchesRegex("[0-9]{4}-[0-9-]+T[0-9:]{8}Z"));
    EXPECT_EQ(found["faults"], json::array());
}

TEST_F(CnitoolList, PrintsATableWithALineForEach) {
    EXPECT_THAT(tool({"list"}).out, StartsWith("NETWORK  CONTAINER  INTERFACE"));
    const TestNetns c1("c1"), c2("c2");
    add(c1);
    add(c2);
    const Finished list = tool({"list"});
    EXPECT_EQ(std::count(list.out.begin(), list.out.end(), '\n'), 3) << list.out;
    EXPECT_THAT(list.out, HasSubstr("10.1.2.3/24  /run/netns/c2"));
    EXPECT_THAT(list.out, Not(HasSubstr("\x1b")));
    EXPECT_EQ(list.err, "");
}

TEST_F(CnitoolList, ShowsOneNetworkWhenAskedTo) {
    const TestNetns c1("c1");
    add(c1);
    EXPECT_EQ(parsed({"list", "net1", "-o", "json"})["attachments"].size(), 1u);
    EXPECT_EQ(parsed({"list", "net2", "-o", "json"})["attachments"].size(), 0u);
    EXPECT_THAT(tool({"list", "../net1"}).err, StartsWith("\"../net1\" is no name of a network"));
    EXPECT_THAT(tool({"list", "-o", "xml"}).err, HasSubstr("must be table or json"));
}

TEST_F(CnitoolList, MarksALinkThatIsGone) {
    const TestNetns c1("c1");
    add(c1);
    c1.output_of({"ip", "link", "del", "eth0"});
    EXPECT_EQ(faults(), R"(["link-gone","lease-without-link"])"_json);
}

TEST_F(CnitoolList, MarksANamespaceThatIsGone) {
    TestNetns c1("c1");
    add(c1);
    c1.unmount();
    EXPECT_EQ(faults(), R"(["namespace-gone"])"_json);
    c1.output_of({"ip", "link", "del", "eth0"});
    EXPECT_EQ(faults(), R"(["namespace-gone","lease-without-link"])"_json);
}

TEST_F(CnitoolList, MarksALinkWithoutItsLease) {
    const TestNetns c1("c1");
    add(c1);
    output_of({"rm", cat(leases, "/10.1.2.2")});
    EXPECT_EQ(faults(), R"(["link-without-lease"])"_json);
}

TEST_F(CnitoolList, MarksAnAddressThatIsGone) {
    const TestNetns c1("c1");
    add(c1);
    c1.output_of({"ip", "addr", "del", "10.1.2.2/24", "dev", "eth0"});
    EXPECT_EQ(faults(), R"(["address-gone"])"_json);
}

TEST_F(CnitoolList, MarksAnotherLinkOfTheName) {
    const TestNetns c1("c1");
    add(c1);
    c1.output_of({"ip", "link", "set", "eth0", "address", "02:00:00:00:00:01"});
    EXPECT_EQ(faults(), R"(["other-link"])"_json);
}

TEST_F(CnitoolList, FindsAnAttachmentThatNoResultTellsOf) {
    const TestNetns c1("c1");
    add(c1);
    output_of({"rm", kept_result()});
    const json found = only_attachment();
    EXPECT_EQ(found["faults"], R"(["no-result"])"_json);
    EXPECT_EQ(found["netns"], c1.path());
    EXPECT_EQ(found["addresses"], R"(["10.1.2.2/24"])"_json);
    EXPECT_EQ(found["bridge"], "cni1");
}

TEST_F(CnitoolList, MarksALeaseOfWhichNothingElseIsLeft) {
    output_of({"mkdir", "-p", leases});
    write(cat(leases, "/10.1.2.7"), "gone\r\neth0");
    const json found = only_attachment();
    EXPECT_EQ(found["containerID"], "gone");
    EXPECT_EQ(found["addresses"], R"(["10.1.2.7"])"_json);
    EXPECT_EQ(found["faults"], R"(["lease-without-link","no-result"])"_json);
}

TEST_F(CnitoolList, ReadsTheCachesOfOtherRuntimes) {
    const TestNetns c1("c1");
    add(c1);
    const std::string name = kept_result().substr(std::string(results).size() + 1);
    std::string last = "/var/lib/cni";
    for (const std::string base : {"/var/lib/cni/cache", "/var/lib/cni/multus", "/run/podman"}) {
        output_of({"mkdir", "-p", base});
        output_of({"mv", cat(last, "/results"), base});
        last = base;
        const json list = parsed({"list", "-o", "json", "--cache", "/run/podman"});
        ASSERT_EQ(list["attachments"].size(), 1u) << list;
        EXPECT_EQ(list["attachments"][0]["result"], cat(base, "/results/", name));
        EXPECT_EQ(list["attachments"][0]["faults"], json::array());
    }
}

TEST_F(CnitoolList, FindsLeasesWhereTheListHadThem) {
    json elsewhere = network();
    elsewhere["plugins"][0]["ipam"]["dataDir"] = "/run/leases";
    write_network(elsewhere);
    const TestNetns c1("c1");
    add(c1);
    output_of({"rm", cat(net_d_.path(), "/net1.conflist")});
    EXPECT_EQ(only_attachment()["leases"], R"(["/run/leases/net1/10.1.2.2"])"_json);
}

TEST_F(CnitoolList, TellsOfFilesThatMakeNoSenseAndGoesOn) {
    const TestNetns c1("c1");
    add(c1);
    write(cat(results, "/half"), R"({"kind":"cniCacheV1","containerId":)");
    write(cat(results, "/out"), R"({"kind":"cniCacheV1","containerId":"../../etc",
        "ifName":"eth0","networkName":"net1"})");
    write(cat(results, "/old"), R"({"cniVersion":"0.4.0"})");
    output_of({"ln", "-s", "/etc/passwd", cat(results, "/link")});
    output_of({"mkfifo", cat(results, "/pipe")});
    write(cat(leases, "/10.1.2.9"), "\x1b[2J nobody");
    write(cat(leases, "/10.1.2.8"), "");
    const json list = parsed({"list", "-o", "json"});
    EXPECT_EQ(list["attachments"].size(), 1u) << list;
    EXPECT_EQ(list["attachments"][0]["faults"], json::array());
    EXPECT_EQ(list["problems"].size(), 6u) << list["problems"].dump(1);
    const Finished table = tool({"list"});
    EXPECT_TRUE(table.ok());
    EXPECT_THAT(table.err, HasSubstr(cat(results, "/half is no kept result: ")));
    EXPECT_THAT(table.err, HasSubstr("/10.1.2.9 is no lease"));
}

TEST_F(CnitoolList, LetsNothingOfWhatItReadsReachTheTerminal) {
    output_of({"mkdir", "-p", results});
    output_of({"chmod", "700", results});
    const json entry = {{"kind", "cniCacheV1"},
                        {"containerId", "c1"},
                        {"ifName", "e\u009b2J"},
                        {"networkName", "net1"},
                        {"netns", "/run/\x1b[31mred\x7f\n"}};
    write(cat(results, "/net1-c1-e"), entry.dump());
    const Finished table = tool({"list"});
    EXPECT_THAT(table.out, HasSubstr("/run/\\x1b[31mred\\x7f\\x0a"));
    EXPECT_THAT(table.out, HasSubstr("e\\xc2\\x9b2J"));
    const Finished as_json = tool({"list", "-o", "json"});
    EXPECT_THAT(as_json.out, HasSubstr("e\\u009b2J"));
    EXPECT_THAT(as_json.out, Not(HasSubstr("\x7f")));
    EXPECT_EQ(json::parse(as_json.out)["attachments"][0]["netns"], entry["netns"]);
}

// `script` runs a command on a terminal of its own.
TEST_F(CnitoolList, FitsATerminalAndHasColoursThere) {
    const TestNetns c1("c1");
    add(c1);
    const auto on_terminal = [&](const std::string& variables) {
        const std::string command =
            cat("stty cols 80; ", variables, " ", bin_dir(), "/cnitool list");
        const Finished shown =
            run({.argv = {"script", "-qec", command, "/dev/null"}, .environment = environment()});
        EXPECT_TRUE(shown.ok()) << shown.err;
        return shown.out;
    };
    EXPECT_THAT(on_terminal("TERM=xterm"), HasSubstr("\x1b[32mok\x1b[0m"));
    const std::string plain = on_terminal("TERM=xterm NO_COLOR=1");
    EXPECT_THAT(plain, Not(HasSubstr("\x1b")));
    EXPECT_THAT(plain, HasSubstr(".."));
    for (const auto line : split(plain, '\n')) EXPECT_LE(trim(line).size(), 80u) << line;
}

}  // namespace
}  // namespace cni::test
