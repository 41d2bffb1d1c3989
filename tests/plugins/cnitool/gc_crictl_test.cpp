// cnitool gc --from-crictl: what the runtime lists, and what lives, is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "node_fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class CnitoolCrictl : public NodeTest {
protected:
    /// As crictl 1.30 prints it.
    static json pod(const std::string& id, const std::string& state) {
        return {{"id", id},
                {"metadata",
                 {{"name", "web-0"},
                  {"uid", "2d5c2f0a-8f0e-4d56-a1a5-3a3a4f1d4b6e"},
                  {"namespace", "default"},
                  {"attempt", 0}}},
                {"state", state},
                {"createdAt", "1767225600000000000"},
                {"labels", {{"io.kubernetes.pod.name", "web-0"}}},
                {"annotations", json::object()},
                {"runtimeHandler", ""}};
    }
    static std::string pods(const json& items) { return json{{"items", items}}.dump(2); }

    Finished gc(const std::string& list, std::vector<std::string> more = {}) const {
        Program program{.argv = {cat(bin_dir(), "/cnitool"), "gc", "net1", "--from-crictl"}};
        program.argv.insert(program.argv.end(), more.begin(), more.end());
        program.input = list;
        program.environment = environment();
        return run(program);
    }
    static std::string id_of(const json& attachment) {
        return attachment["containerID"].get<std::string>();
    }
    json attachments() const { return parsed({"list", "-o", "json"})["attachments"]; }
    /// As if they had been made an hour ago.
    static void age() { output_of({"sh", "-c", cat("touch -d '1 hour ago' ", results, "/*")}); }
    static int leased() {
        return std::stoi(output_of({"sh", "-c", cat("ls ", leases, " | grep -c '^10' || true")}));
    }
};

TEST_F(CnitoolCrictl, DeletesWhatIsGoneAndKeepsPodsOfEachState) {
    TestNetns c1("c1"), c2("c2"), c3("c3");
    for (const TestNetns* each : {&c1, &c2, &c3}) add(*each);
    const json before = attachments();
    std::vector<std::string> ids;
    for (const TestNetns* each : {&c1, &c2, &c3})
        for (const json& one : before)
            if (one["netns"] == each->path()) ids.push_back(id_of(one));
    for (TestNetns* each : {&c1, &c2, &c3}) {
        each->output_of({"ip", "link", "del", "eth0"});
        each->unmount();
    }
    age();
    const Finished done =
        gc(pods(json::array({pod(ids[0], "SANDBOX_READY"), pod(ids[1], "SANDBOX_NOTREADY")})));
    EXPECT_TRUE(done.ok()) << done.err;
    std::vector<std::string> left;
    for (const json& one : attachments()) left.push_back(id_of(one));
    EXPECT_THAT(left, ::testing::UnorderedElementsAre(ids[0], ids[1]));
    EXPECT_EQ(leased(), 2);
}

// A list that was filtered, or is another runtime's.
TEST_F(CnitoolCrictl, KeepsWhatLivesThoughTheListLacksIt) {
    const TestNetns c1("c1");
    add(c1);
    age();
    const Finished done = gc(pods(json::array({pod("somebody", "SANDBOX_READY")})));
    EXPECT_TRUE(done.ok()) << done.err;
    EXPECT_THAT(done.err, HasSubstr("eth0 is kept, though crictl does not list it: interface eth0 "
                                    "is in /run/netns/c1"));
    EXPECT_EQ(attachments()[0]["faults"], json::array());
}

// Of a pod that is being made, the runtime may not tell yet.
TEST_F(CnitoolCrictl, KeepsWhatIsYoung) {
    output_of({"mkdir", "-p", leases});
    write(cat(leases, "/10.1.2.9"), "begun\r\neth0");
    const Finished done = gc(pods(json::array({pod("somebody", "SANDBOX_READY")})));
    EXPECT_THAT(done.err, HasSubstr("begun eth0 is kept"));
    EXPECT_EQ(leased(), 1);
}

TEST_F(CnitoolCrictl, RefusesWhatIsNoList) {
    TestNetns c1("c1");
    add(c1);
    c1.output_of({"ip", "link", "del", "eth0"});
    c1.unmount();
    age();
    const std::pair<std::string, const char*> lists[] = {
        {"", "the list of crictl"},
        {"time=\"2026-01-01T00:00:00Z\" level=fatal", "the list of crictl"},
        {pods(json::array({pod("a", "SANDBOX_READY")})).substr(0, 40), "the list of crictl"},
        {pods(json::array()), "crictl lists no pod"},
        {R"({"items":null})", "not what crictl pods prints"},
        {R"({"containers":[]})", "what crictl ps prints"},
        {R"({"items":[{"podSandboxId":"x"}]})", "item 0 of crictl's list has no id"},
        {R"({"items":[{"id":"a"},{"id":"../b"}]})", "item 1 of crictl's list has no id"},
        {R"({"items":[{"id":"a"}],"nextPageToken":"b"})", "one page of several"},
        {"[]", "not what crictl pods prints"}};
    for (const auto& [list, message] : lists) {
        const Finished refused = gc(list);
        EXPECT_EQ(refused.exit_code(), 1) << list;
        EXPECT_THAT(refused.err, HasSubstr(message));
        EXPECT_EQ(attachments().size(), 1u) << list;
    }
    EXPECT_THAT(gc("", {"--from-list"}).err, HasSubstr("excludes"));
    EXPECT_TRUE(gc(pods(json::array()), {"--all"}).ok());
    EXPECT_EQ(attachments().size(), 0u);
}

}  // namespace
}  // namespace cni::test
