// The spans that operations leave in the file that CNI_TRACE_FILE names.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "base/file.h"
#include "support/bridge_fixture.h"
#include "support/recording.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr const char* trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr const char* parent_id = "00f067aa0ba902b7";

class Trace : public BridgeTest {
protected:
    static std::string traceparent(const char* flags) {
        return cat("TRACEPARENT=00-", trace_id, "-", parent_id, "-", flags);
    }
    PluginArgs traced(const TestNetns& container, std::vector<std::string> environment = {}) const {
        PluginArgs out = args(container);
        out.environment = std::move(environment);
        out.environment.push_back(cat("CNI_TRACE_FILE=", dir_.path(), "/spans.json"));
        return out;
    }
    /// By their names.
    std::map<std::string, json> spans() const {
        std::map<std::string, json> out;
        const std::string text = dir_.read("spans.json");
        for (const auto line : split(text, '\n')) {
            if (line.empty()) continue;
            const json resource = json::parse(line).at("resourceSpans").at(0);
            EXPECT_EQ(resource.at("resource").at("attributes").at(0),
                      json({{"key", "service.name"}, {"value", {{"stringValue", "cnixx"}}}}));
            for (const json& span : resource.at("scopeSpans").at(0).at("spans"))
                out[span.at("name")] = span;
        }
        return out;
    }
    static std::int64_t time(const json& span, const char* key) {
        return parse_int<std::int64_t>(span.at(key).get<std::string>()).value();
    }
    static std::map<std::string, std::string> attributes(const json& span) {
        std::map<std::string, std::string> out;
        for (const json& each : span.at("attributes"))
            out[each.at("key")] = each.at("value").at("stringValue");
        return out;
    }

    const TempDir dir_;
};

TEST_F(Trace, AnOperationIsASpanAndEachOfItsStepsOneBelow) {
    const TestNetns c("c1");
    const PluginRun run =
        call("ADD", traced(c, {traceparent("01"), "TRACESTATE=vendor=x"}), layer3());
    ASSERT_TRUE(run.ok()) << run.report();
    const auto found = spans();
    const json add = found.at("bridge ADD"), step = found.at("make veth pair");
    EXPECT_EQ(add.at("traceId"), trace_id);
    EXPECT_EQ(add.at("parentSpanId"), parent_id);
    EXPECT_EQ(add.at("traceState"), "vendor=x");
    EXPECT_EQ(add.at("kind"), 1);
    EXPECT_FALSE(add.contains("status"));
    EXPECT_EQ(attributes(add), (std::map<std::string, std::string>{{"cni.plugin", "bridge"},
                                                                   {"cni.command", "ADD"},
                                                                   {"cni.network", "net1"},
                                                                   {"cni.container_id", "c1"},
                                                                   {"cni.ifname", "eth0"},
                                                                   {"cni.netns", c.path()}}));
    EXPECT_EQ(step.at("traceId"), trace_id);
    EXPECT_EQ(step.at("parentSpanId"), add.at("spanId"));
    EXPECT_LE(time(add, "startTimeUnixNano"), time(step, "startTimeUnixNano"));
    EXPECT_LT(time(step, "startTimeUnixNano"), time(step, "endTimeUnixNano"));
    EXPECT_LE(time(step, "endTimeUnixNano"), time(add, "endTimeUnixNano"));
    // What runs beside it is below it.
    EXPECT_EQ(found.at("host-local ADD").at("parentSpanId"), add.at("spanId"));
    EXPECT_EQ(found.at("host-local ADD").at("traceId"), trace_id);
    EXPECT_EQ(found.at("lock leases").at("parentSpanId"), found.at("host-local ADD").at("spanId"));
    std::set<std::string> ids;
    for (const auto& [name, span] : found) ids.insert(span.at("spanId").get<std::string>());
    EXPECT_EQ(ids.size(), found.size());
    for (const std::string& id : ids) EXPECT_THAT(id, MatchesRegex("[0-9a-f]{16}"));
}

TEST_F(Trace, WithoutOneToBelongToItIsANewOne) {
    const TestNetns c("c1");
    for (const std::string given : {"", "00-invalid"}) {
        ASSERT_TRUE(call("ADD", traced(c, {cat("TRACEPARENT=", given)}), layer3()).ok());
        ASSERT_TRUE(call("DEL", args(c), layer3()).ok());
        const auto found = spans();
        const json add = found.at("bridge ADD");
        EXPECT_THAT(add.at("traceId").get<std::string>(), MatchesRegex("[0-9a-f]{32}"));
        EXPECT_FALSE(add.contains("parentSpanId"));
        EXPECT_FALSE(add.contains("traceState"));
        EXPECT_EQ(found.at("host-local ADD").at("traceId"), add.at("traceId"));
    }
}

TEST_F(Trace, OfOneThatNobodyRecordsNothingIsTold) {
    const TestNetns c("c1");
    ASSERT_TRUE(call("ADD", traced(c, {traceparent("00")}), layer3()).ok());
    EXPECT_FALSE(dir_.has("spans.json"));
}

TEST_F(Trace, AFailureIsOne) {
    const TestNetns c("c1");
    const json config = layer3({{"vlan", 5000}});
    const PluginRun run = call("ADD", traced(c, {traceparent("01")}), config);
    ASSERT_FALSE(run.ok());
    const json add = spans().at("bridge ADD");
    EXPECT_EQ(add.at("status").at("code"), 2);
    EXPECT_THAT(add.at("status").at("message").get<std::string>(), HasSubstr(run.error_message()));
    EXPECT_EQ(attributes(add).at("cni.error_code"), cat(run.error_code()));
}

TEST_F(Trace, AFileThatCannotBeWrittenIsAWarning) {
    const TestNetns c("c1");
    PluginArgs arguments = args(c);
    arguments.environment = {"CNI_TRACE_FILE=spans.json"};
    const PluginRun run = call("ADD", arguments, layer3());
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("CNI_TRACE_FILE must be an absolute path, not \"spans.json\""));
}

}  // namespace
}  // namespace cni::test
