// What a runtime does with the plugins of a network: order, input, environment, failures.
#include "runtime/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cni/version.h"
#include "support/recording.h"

namespace cni {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* first_result = R"({"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]})";
constexpr const char* last_result = R"({"cniVersion":"1.0.0","ips":[{"address":"10.0.0.3/24"}]})";

NetworkList network(const std::string& version, const std::string& more = "") {
    return NetworkList::parse(cat(R"({"cniVersion":")", version, R"(","name":"net1",)", more,
                                  R"("plugins":[{"type":"a"},{"type":"b","name":"bee"}]})"));
}

RuntimeConf attachment() {
    return {.container_id = "c1",
            .netns = "/run/netns/n1",
            .ifname = "eth0",
            .args = {{"K", "v"}},
            .capability_args = {}};
}

template <typename Step>
std::string error_of(Step step) {
    try {
        step();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

class Chain : public ::testing::Test {
protected:
    std::string cache_file() const { return "results/net1-c1-eth0"; }
    std::string add_error() {
        return error_of([&] { runtime_.add(network("1.0.0"), attachment()); });
    }
    test::RecordingPlugins plugins_{{"a", "b"}};
    test::TempDir cache_;
    Runtime runtime_{{.plugin_path = plugins_.path(), .cache_base = cache_.path()}};
};

TEST_F(Chain, AddRunsThePluginsInOrderEachWithTheResultBefore) {
    plugins_.answer("a", "ADD", first_result);
    plugins_.answer("b", "ADD", last_result);
    const auto result = runtime_.add(network("1.0.0"), attachment());
    EXPECT_EQ(result.result.print_compact(result.version), last_result);
    EXPECT_THAT(plugins_.call_names(), ElementsAre("a ADD", "b ADD"));
    EXPECT_FALSE(plugins_.calls()[0].json().contains("prevResult"));
    EXPECT_EQ(plugins_.calls()[1].json()["prevResult"], nlohmann::json::parse(first_result));
    EXPECT_TRUE(cache_.has(cache_file()));
}

TEST_F(Chain, PluginsGetTheirKeysTheListsNameAndVersionAndNothingElse) {
    const auto list = NetworkList::parse(
        R"({"cniVersion":"1.0.0","name":"net1","disableGC":true,"plugins":[{"z":1e3,
            "big":123456789012345678901,"type":"a","name":"own","CNIVersion":"0.1.0",
            "capabilities":{"mac":true},"html":"<&>"}]})");
    runtime_.add(list, attachment());
    EXPECT_EQ(plugins_.calls()[0].input,
              R"({"big":123456789012345678901,"cniVersion":"1.0.0","html":"\u003c\u0026\u003e",)"
              R"("name":"net1","type":"a","z":1e3})");
}

TEST_F(Chain, AListWithoutVersionSendsAnEmptyOne) {
    plugins_.answer("a", "ADD", R"({"ip4":{"ip":"10.0.0.2/24"}})");
    const auto result = runtime_.add(
        NetworkList::parse(R"({"name":"net1","plugins":[{"type":"a"}]})"), attachment());
    EXPECT_EQ(plugins_.calls()[0].json()["cniVersion"], "");
    EXPECT_EQ(result.version, "0.1.0");
}

TEST_F(Chain, ResultsArePassedOnInTheirOwnVersion) {
    plugins_.answer("a", "ADD", R"({"cniVersion":"0.4.0","ips":[{"address":"10.0.0.2/24"}]})");
    runtime_.add(network("1.0.0"), attachment());
    EXPECT_THAT(plugins_.calls()[1].input,
                HasSubstr(R"("prevResult":{"cniVersion":"0.4.0","ips":[{"version":"4",)"
                          R"("address":"10.0.0.2/24"}],"dns":{}})"));
}

TEST_F(Chain, TheEnvironmentNamesTheAttachment) {
    runtime_.add(network("1.0.0"), attachment());
    const auto call = plugins_.calls()[0];
    EXPECT_EQ(call.container_id, "c1");
    EXPECT_EQ(call.netns, "/run/netns/n1");
    EXPECT_EQ(call.ifname, "eth0");
    EXPECT_EQ(call.args, "K=v");
    EXPECT_EQ(call.path, plugins_.path());
}

TEST_F(Chain, CapabilityArgumentsReachOnlyWhoDeclaresThem) {
    const auto list = NetworkList::parse(
        R"({"cniVersion":"1.0.0","name":"net1","plugins":[
            {"type":"a","capabilities":{"ips":true,"mac":false,"other":true},"runtimeConfig":{"x":1}},
            {"type":"b","capabilities":{"mac":true,"ips":true}},{"type":"b"}]})");
    RuntimeConf conf = attachment();
    conf.capability_args = Json::parse(R"({"mac":"c2:00:00:00:00:01","ips":["10.0.0.9"]})", "test");
    runtime_.add(list, conf);
    const auto calls = plugins_.calls();
    EXPECT_EQ(calls[0].json()["runtimeConfig"], R"({"ips":["10.0.0.9"]})"_json);
    EXPECT_EQ(calls[1].json()["runtimeConfig"],
              R"({"ips":["10.0.0.9"],"mac":"c2:00:00:00:00:01"})"_json);
    EXPECT_FALSE(calls[2].json().contains("runtimeConfig"));
}

TEST_F(Chain, CapabilitiesMeanTheSameInAnyLetterCase) {
    const auto list = NetworkList::parse(
        R"({"cniVersion":"1.0.0","name":"net1","plugins":[
            {"type":"a","capabilities":{"bandwidth":true}},
            {"type":"b","capabilities":{"bandWidth":true}}]})");
    RuntimeConf conf = attachment();
    conf.capability_args = Json::parse(R"({"bandWidth":{"ingressRate":1}})", "test");
    runtime_.add(list, conf);
    conf.capability_args = Json::parse(R"({"bandWidth":1,"bandwidth":2})", "test");
    runtime_.add(list, conf);
    const auto calls = plugins_.calls();
    EXPECT_EQ(calls[0].json()["runtimeConfig"], R"({"bandwidth":{"ingressRate":1}})"_json);
    EXPECT_EQ(calls[1].json()["runtimeConfig"], R"({"bandWidth":{"ingressRate":1}})"_json);
    EXPECT_EQ(calls[2].json()["runtimeConfig"], R"({"bandwidth":2})"_json) << "it is there exactly";
    EXPECT_EQ(calls[3].json()["runtimeConfig"], R"({"bandWidth":1})"_json);
}

TEST_F(Chain, AFailedAddStopsNamesThePluginAndDeletesNothing) {
    plugins_.fail("b", "ADD", R"({"code":11,"msg":"busy","details":"later"})");
    try {
        runtime_.add(network("1.0.0"), attachment());
        FAIL();
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), R"(plugin type="b" name="bee" failed (add): busy; later)");
        EXPECT_EQ(error.code, Code::try_again_later);
    }
    EXPECT_THAT(plugins_.call_names(), ElementsAre("a ADD", "b ADD"));
    EXPECT_FALSE(cache_.has("results"));
}

TEST_F(Chain, AResultThatIsNoneFailsTheAdd) {
    plugins_.answer("a", "ADD", "hello");
    EXPECT_THAT(add_error(), HasSubstr(R"(plugin type="a" failed (add): failed to unmarshal)"));
    plugins_.answer("a", "ADD", R"({"cniVersion":"9.9.9"})");
    EXPECT_THAT(add_error(), HasSubstr("unsupported CNI result version \"9.9.9\""));
}

TEST_F(Chain, AMissingPluginIsNamedWithThePath) {
    auto list = network("1.0.0");
    list.plugins[0].type = "gone";
    EXPECT_EQ(error_of([&] { runtime_.add(list, attachment()); }).substr(0, 66),
              R"(plugin type="gone" failed (add): failed to find plugin "gone" in p)");
    list.plugins[0].type = "../a";
    EXPECT_THAT(error_of([&] { runtime_.add(list, attachment()); }),
                HasSubstr("invalid plugin name: ../a"));
}

TEST_F(Chain, BadNamesAreRefusedBeforeAnyPluginRuns) {
    RuntimeConf bad = attachment();
    bad.container_id = "a/b";
    EXPECT_THAT(error_of([&] { runtime_.add(network("1.0.0"), bad); }),
                HasSubstr("invalid characters in containerID"));
    bad = attachment();
    bad.ifname = "";
    EXPECT_THAT(error_of([&] { runtime_.del(network("1.0.0"), bad); }),
                HasSubstr("interface name is empty"));
    auto list = network("1.0.0");
    list.name = "a/b";
    EXPECT_THAT(error_of([&] { runtime_.check(list, attachment()); }),
                HasSubstr("invalid characters found in network name"));
    EXPECT_THAT(plugins_.calls(), IsEmpty());
}

TEST_F(Chain, AnUnwritableCacheFailsTheAddAndSaysSo) {
    cache_.write("results", "a file in the way");
    EXPECT_THAT(add_error(), HasSubstr("failed to set network \"net1\" cached result: "));
    EXPECT_THAT(plugins_.call_names(), ElementsAre("a ADD", "b ADD"));
}

TEST_F(Chain, CheckGetsTheFinalResult) {
    plugins_.answer("b", "ADD", last_result);
    runtime_.add(network("1.0.0"), attachment());
    plugins_.forget();
    runtime_.check(network("1.0.0"), attachment());
    EXPECT_THAT(plugins_.call_names(), ElementsAre("a CHECK", "b CHECK"));
    for (const auto& call : plugins_.calls())
        EXPECT_EQ(call.json()["prevResult"], nlohmann::json::parse(last_result));
}

TEST_F(Chain, CheckNeedsVersion040EvenWhereItIsDisabled) {
    EXPECT_EQ(error_of([&] {
                  runtime_.check(network("0.3.1", R"("disableCheck":true,)"), attachment());
              }),
              "configuration version \"0.3.1\" does not support the CHECK command");
}

TEST_F(Chain, CheckDoesNothingWhereItIsDisabled) {
    runtime_.check(network("1.0.0", R"("disableCheck":true,)"), attachment());
    EXPECT_THAT(plugins_.calls(), IsEmpty());
}

TEST_F(Chain, CheckWithoutCacheLeavesTheJudgementToThePlugins) {
    runtime_.check(network("1.0.0"), attachment());
    EXPECT_FALSE(plugins_.calls().at(0).json().contains("prevResult"));
}

TEST_F(Chain, CheckRefusesABrokenCache) {
    cache_.write(cache_file(), "{");
    EXPECT_THAT(error_of([&] { runtime_.check(network("1.0.0"), attachment()); }),
                HasSubstr("failed to get network \"net1\" cached result: "));
    EXPECT_THAT(plugins_.calls(), IsEmpty());
}

TEST_F(Chain, CheckReportsTheFirstPluginsErrorAsItIs) {
    plugins_.fail("a", "CHECK", R"({"code":999,"msg":"gone","details":"eth0"})");
    EXPECT_EQ(error_of([&] { runtime_.check(network("1.0.0"), attachment()); }), "gone; eth0");
    EXPECT_THAT(plugins_.call_names(), ElementsAre("a CHECK"));
}

TEST_F(Chain, DelRunsInReverseWithTheFinalResultAndForgets) {
    plugins_.answer("b", "ADD", last_result);
    runtime_.add(network("1.0.0"), attachment());
    plugins_.forget();
    runtime_.del(network("1.0.0"), attachment());
    EXPECT_THAT(plugins_.call_names(), ElementsAre("b DEL", "a DEL"));
    EXPECT_EQ(plugins_.calls()[1].json()["prevResult"], nlohmann::json::parse(last_result));
    EXPECT_THAT(cache_.names("results"), IsEmpty());
}

TEST_F(Chain, DelBelow040HasNoPreviousResult) {
    plugins_.answer("b", "ADD", R"({"cniVersion":"0.3.1","ips":[{"address":"10.0.0.3/24"}]})");
    runtime_.add(network("0.3.1"), attachment());
    plugins_.forget();
    runtime_.del(network("0.3.1"), attachment());
    EXPECT_FALSE(plugins_.calls().at(0).json().contains("prevResult"));
    EXPECT_THAT(cache_.names("results"), IsEmpty());
}

TEST_F(Chain, DelGoesOnWithoutABrokenCacheAndRemovesIt) {
    cache_.write(cache_file(), "{");
    plugins_.fail("b", "DEL", R"({"code":7,"msg":"no"})");
    ::testing::internal::CaptureStderr();
    EXPECT_NE(error_of([&] { runtime_.del(network("1.0.0"), attachment()); }), "");
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                StartsWith("failed to get network \"net1\" cached result: "));
    EXPECT_THAT(cache_.names("results"), IsEmpty());
    plugins_.succeed("b", "DEL");
    plugins_.forget();
    runtime_.del(network("1.0.0"), attachment());
    EXPECT_THAT(plugins_.call_names(), ElementsAre("b DEL", "a DEL"));
    EXPECT_FALSE(plugins_.calls()[0].json().contains("prevResult"));
    EXPECT_THAT(cache_.names("results"), IsEmpty());
}

TEST_F(Chain, AFailedDelGoesOnKeepsTheCacheAndCanBeRepeated) {
    runtime_.add(network("1.0.0"), attachment());
    plugins_.fail("b", "DEL", R"({"code":7,"msg":"no"})");
    plugins_.forget();
    EXPECT_EQ(error_of([&] { runtime_.del(network("1.0.0"), attachment()); }),
              R"(plugin type="b" name="bee" failed (delete): no)");
    EXPECT_THAT(plugins_.call_names(), ElementsAre("b DEL", "a DEL"));
    EXPECT_TRUE(cache_.has(cache_file()));
    plugins_.fail("a", "DEL", R"({"code":7,"msg":"never"})");
    EXPECT_EQ(error_of([&] { runtime_.del(network("1.0.0"), attachment()); }),
              "plugin type=\"b\" name=\"bee\" failed (delete): no; "
              "plugin type=\"a\" failed (delete): never");
    plugins_.succeed("a", "DEL");
    plugins_.succeed("b", "DEL");
    runtime_.del(network("1.0.0"), attachment());
    runtime_.del(network("1.0.0"), attachment());
    EXPECT_FALSE(cache_.has(cache_file()));
}

TEST_F(Chain, GcDeletesWhatIsNotValidWithItsOwnArguments) {
    RuntimeConf stale = attachment();
    stale.container_id = "c2";
    stale.netns = "/run/netns/n2";
    stale.args = {{"OLD", "1"}};
    runtime_.add(network("1.1.0"), attachment());
    runtime_.add(network("1.1.0"), stale);
    plugins_.forget();
    runtime_.gc(network("1.1.0"), std::vector{attachment().id()});
    EXPECT_THAT(plugins_.call_names(), ElementsAre("b DEL", "a DEL", "a GC", "b GC"));
    EXPECT_EQ(plugins_.calls()[0].container_id, "c2");
    EXPECT_EQ(plugins_.calls()[0].netns, "/run/netns/n2");
    EXPECT_EQ(plugins_.calls()[0].args, "OLD=1");
    EXPECT_THAT(cache_.names("results"), ElementsAre("net1-c1-eth0"));
}

TEST_F(Chain, GcOfSeveralTellsThePluginsFirst) {
    RuntimeConf stale = attachment();
    for (const char* id : {"c2", "c3"}) {
        stale.container_id = id;
        runtime_.add(network("1.1.0"), stale);
    }
    plugins_.fail("a", "GC", R"({"code":7,"msg":"no"})");
    plugins_.forget();
    const std::vector<AttachmentId> valid{attachment().id()};
    EXPECT_EQ(error_of([&] { runtime_.gc(network("1.1.0"), valid); }), "failed to GC plugin a: no");
    auto names = plugins_.call_names();
    ASSERT_EQ(names.size(), 8u);
    // The deletions between, of both at once, are in any order.
    names.erase(names.begin() + 2, names.begin() + 6);
    EXPECT_THAT(names, ElementsAre("a GC", "b GC", "a GC", "b GC"));
    EXPECT_THAT(cache_.names("results"), IsEmpty());
}

// In processes of their own.
TEST_F(Chain, GcDeletesManyAndReportsEachThatFails) {
    std::string expected;
    RuntimeConf one = attachment();
    for (int i = 100; i < 150; ++i) {
        one.container_id = cat("c", i);
        runtime_.add(network("1.0.0"), one);
        expected +=
            cat(expected.empty() ? "" : "\n", "failed to delete stale attachment ",
                one.container_id, " eth0: plugin type=\"b\" name=\"bee\" failed (delete): ", "no");
    }
    plugins_.fail("b", "DEL", R"({"code":7,"msg":"no"})");
    EXPECT_EQ(error_of([&] { runtime_.gc(network("1.0.0"), {}); }), expected);
    EXPECT_EQ(cache_.names("results").size(), 50u);
    plugins_.succeed("b", "DEL");
    plugins_.forget();
    runtime_.gc(network("1.0.0"), {});
    EXPECT_EQ(plugins_.calls().size(), 100u);
    EXPECT_THAT(cache_.names("results"), IsEmpty());
}

// What every version says of an interface without addresses.
TEST_F(Chain, ResultsWithoutAddressesPassInEveryVersion) {
    for (const std::string_view version : supported_versions) {
        const std::string text = cat(R"({"cniVersion":")", version, R"(","dns":{}})");
        plugins_.answer("a", "ADD", text);
        plugins_.answer("b", "ADD", text);
        plugins_.forget();
        const std::string v(version);
        const VersionedResult result = runtime_.add(network(v), attachment());
        const std::string printed =
            version < "1" ? text : cat(R"({"cniVersion":")", version, "\"}");
        EXPECT_EQ(result.print_compact(), printed);
        EXPECT_EQ(plugins_.calls().at(1).json()["prevResult"], nlohmann::json::parse(printed));
        runtime_.del(network(v), attachment());
    }
}

TEST_F(Chain, GcSendsTheValidAttachmentsUnderBothNames) {
    runtime_.gc(network("1.1.0"), std::vector{attachment().id()});
    const auto call = plugins_.calls().at(0);
    const auto valid = R"([{"containerID":"c1","ifname":"eth0"}])"_json;
    EXPECT_EQ(call.json()["cni.dev/valid-attachments"], valid);
    EXPECT_EQ(call.json()["cni.dev/attachments"], valid);
    EXPECT_EQ(cat(call.container_id, call.netns, call.ifname, call.args), "");
}

TEST_F(Chain, GcWithoutInformationSendsNoList) {
    runtime_.gc(network("1.1.0"), {});
    EXPECT_FALSE(plugins_.calls().at(0).json().contains("cni.dev/valid-attachments"));
    plugins_.forget();
    runtime_.gc(network("1.1.0"), std::vector<AttachmentId>{});
    EXPECT_EQ(plugins_.calls().at(0).json()["cni.dev/valid-attachments"], "[]"_json);
}

TEST_F(Chain, GcBelow110OnlyDeletesWhatIsStale) {
    runtime_.add(network("1.0.0"), attachment());
    plugins_.forget();
    runtime_.gc(network("1.0.0"), {});
    EXPECT_THAT(plugins_.call_names(), ElementsAre("b DEL", "a DEL"));
}

TEST_F(Chain, GcTriesAllAndReportsEveryFailureOnALineOfItsOwn) {
    runtime_.add(network("1.1.0"), attachment());
    plugins_.fail("b", "DEL", R"({"code":7,"msg":"no"})");
    plugins_.fail("a", "GC", R"({"code":7,"msg":"never"})");
    plugins_.forget();
    EXPECT_EQ(error_of([&] { runtime_.gc(network("1.1.0"), {}); }),
              "failed to delete stale attachment c1 eth0: "
              "plugin type=\"b\" name=\"bee\" failed (delete): no\n"
              "failed to GC plugin a: never");
    EXPECT_THAT(plugins_.call_names(), ElementsAre("b DEL", "a DEL", "a GC", "b GC"));
}

TEST_F(Chain, GcDoesNothingWhereItIsDisabled) {
    runtime_.add(network("1.1.0"), attachment());
    plugins_.forget();
    runtime_.gc(network("1.1.0", R"("disableGC":true,)"), {});
    EXPECT_THAT(plugins_.calls(), IsEmpty());
    EXPECT_TRUE(cache_.has(cache_file()));
}

TEST_F(Chain, StatusStopsAtTheFirstThatIsNotReady) {
    plugins_.fail("a", "STATUS", R"({"code":50,"msg":"not ready"})");
    EXPECT_EQ(error_of([&] { runtime_.status(network("1.1.0")); }), "not ready");
    EXPECT_THAT(plugins_.call_names(), ElementsAre("a STATUS"));
    plugins_.succeed("a", "STATUS");
    plugins_.forget();
    runtime_.status(network("1.1.0"));
    EXPECT_THAT(plugins_.call_names(), ElementsAre("a STATUS", "b STATUS"));
    EXPECT_EQ(plugins_.calls()[0].ifname, "");
}

TEST_F(Chain, StatusBelow110AsksNobody) {
    runtime_.status(network("1.0.0"));
    EXPECT_THAT(plugins_.calls(), IsEmpty());
}

TEST_F(Chain, VersionsAreAskedWithDummies) {
    plugins_.answer("a", "VERSION",
                    R"({"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]})");
    EXPECT_THAT(runtime_.versions("a"), ElementsAre("0.4.0", "1.0.0"));
    const auto call = plugins_.calls().at(0);
    EXPECT_EQ(call.input, R"({"cniVersion":"1.1.0"})");
    EXPECT_EQ(cat(call.container_id, call.netns, call.ifname, call.path), "dummydummydummy");
}

TEST_F(Chain, VersionsOfOldPluginsAreGuessed) {
    plugins_.answer("a", "VERSION", R"({"cniVersion":"0.2.0"})");
    EXPECT_THAT(runtime_.versions("a"), ElementsAre("0.1.0", "0.2.0"));
    plugins_.fail("a", "VERSION", R"({"code":4,"msg":"unknown CNI_COMMAND: VERSION"})");
    EXPECT_THAT(runtime_.versions("a"), ElementsAre("0.1.0"));
    plugins_.answer("b", "VERSION", "{}");
    EXPECT_THAT(error_of([&] { runtime_.versions("b"); }), HasSubstr("needs a \"cniVersion\""));
}

TEST_F(Chain, EveryRunIsTold) {
    std::vector<std::string> told;
    const Runtime runtime({.plugin_path = plugins_.path(),
                           .cache_base = cache_.path(),
                           .on_run = [&](const PluginTime& t) {
                               told.push_back(
                                   cat(t.type, " ", t.command, t.succeeded ? "" : " failed"));
                           }});
    plugins_.fail("b", "ADD", R"({"code":7,"msg":"no"})");
    EXPECT_THROW(runtime.add(network("1.0.0"), attachment()), Error);
    EXPECT_THAT(told, ElementsAre("a ADD", "b ADD failed"));
}

TEST(RuntimeConf, ReadsPairsOfArguments) {
    EXPECT_THAT(RuntimeConf::parse_args("A=b;C=d"),
                ElementsAre(std::pair("A", "b"), std::pair("C", "d")));
    EXPECT_THAT(RuntimeConf::parse_args(""), IsEmpty());
    for (const char* bad : {"A", "A=", "=b", "A=b;", "A=b=c"})
        EXPECT_THAT(error_of([&] { RuntimeConf::parse_args(bad); }),
                    HasSubstr("invalid CNI_ARGS pair"))
            << bad;
}

}  // namespace
}  // namespace cni
