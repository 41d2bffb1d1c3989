#include <gtest/gtest.h>

#include "cni/log.h"

namespace cni {
namespace {

Request request() {
    Request out{.args = {}, .conf = NetConf::parse(R"({"cniVersion": "1.0.0", "name": "net1"})")};
    out.args.command = "ADD";
    out.args.container_id = "c1";
    out.args.netns = "/run/netns/c1";
    out.args.ifname = "eth0";
    return out;
}

/// A line of plugin "p" without what differs from version to version.
std::string line(const Operation& operation) {
    std::string text = log_line(operation);
    const auto begin = text.find("\"version\":"), end = text.find("\"command\":");
    return end == text.npos ? text : text.erase(begin, end - begin);
}

TEST(LogLine, TellsASuccess) {
    const Step steps[] = {{"prepare", 12}, {"bring up", 0}};
    EXPECT_EQ(line({.plugin = "p",
                    .request = request(),
                    .time = 1'795'251'903'000'120,
                    .duration = 345,
                    .steps = steps,
                    .traceparent = "00-1-2-01"}),
              R"({"time":"2026-11-21T09:05:03.000120Z","plugin":"p","command":"ADD",)"
              R"("network":"net1","container":"c1","ifname":"eth0","netns":"/run/netns/c1",)"
              R"("traceparent":"00-1-2-01","outcome":"success","durationUs":345,)"
              R"("steps":[{"name":"prepare","us":12},{"name":"bring up","us":0}]})"
              "\n");
}

TEST(LogLine, TellsAFailure) {
    const Error error(Code::invalid_config, "no", "why");
    EXPECT_EQ(line({.plugin = "p", .request = request(), .duration = 1, .error = &error}),
              R"({"time":"1970-01-01T00:00:00.000000Z","plugin":"p","command":"ADD",)"
              R"("network":"net1","container":"c1","ifname":"eth0","netns":"/run/netns/c1",)"
              R"("outcome":"failure","error":{"code":7,"msg":"no","details":"why"},)"
              R"("durationUs":1})"
              "\n");
}

TEST(LogLine, TellsWhatCouldNotBeLocked) {
    EXPECT_EQ(line({.plugin = "p", .request = request(), .unlocked = "open x: no"}),
              R"({"time":"1970-01-01T00:00:00.000000Z","plugin":"p","command":"ADD",)"
              R"("network":"net1","container":"c1","ifname":"eth0","netns":"/run/netns/c1",)"
              R"("outcome":"success","unlocked":"open x: no"})"
              "\n");
}

TEST(LogLine, LeavesOutWhatThereIsNot) {
    const Error error(Code::io_failure, "no");
    Request unread{.args = {}, .conf = {}};
    unread.args.command = "GC";
    EXPECT_EQ(line({.plugin = "p", .request = unread, .error = &error}),
              R"({"time":"1970-01-01T00:00:00.000000Z","plugin":"p","command":"GC",)"
              R"("outcome":"failure","error":{"code":5,"msg":"no"}})"
              "\n");
}

TEST(LogLine, StaysOneLineWhateverIsInIt) {
    Request odd = request();
    odd.args.container_id = "a\nb\"\xff\u2028";
    const std::string text = line({.plugin = "p", .request = odd});
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    EXPECT_NE(text.find(R"("container":"a\nb\"\ufffd\u2028")"), text.npos) << text;
}

TEST(LogLine, TimesHaveTheirDateAndAllTheirDigits) {
    const std::pair<std::int64_t, const char*> times[] = {
        {1'709'251'199'999'999, "2024-02-29T23:59:59.999999Z"},
        {1'709'251'200'000'000, "2024-03-01T00:00:00.000000Z"},
        {4'102'444'800'000'001, "2100-01-01T00:00:00.000001Z"},
    };
    for (const auto& [time, text] : times)
        EXPECT_TRUE(line({.plugin = "p", .request = request(), .time = time})
                        .starts_with(cat("{\"time\":\"", text, "\"")))
            << text;
}

}  // namespace
}  // namespace cni
