// What a network list and a single configuration may hold, and what is wrong with the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/netconf.h"

namespace cni {
namespace {

std::string error_of(const std::string& text) {
    try {
        NetworkList::parse(text);
    } catch (const Error& error) {
        return error.msg;
    }
    return "";
}

std::string with(const std::string& members) {
    return cat("{\"name\":\"n\",\"plugins\":[{\"type\":\"a\"}],", members, "}");
}

std::string problem(const std::string& text) {
    return cat("error parsing configuration list: ", text);
}

TEST(NetworkList, ReadsItsPluginsInOrder) {
    const auto list = NetworkList::parse(
        R"({"cniVersion":"1.0.0","name":"n","plugins":[{"type":"a","name":"x"},{"TYPE":"b"}]})");
    EXPECT_EQ(list.name, "n");
    EXPECT_EQ(list.cni_version, "1.0.0");
    ASSERT_EQ(list.plugins.size(), 2u);
    EXPECT_EQ(list.plugins[0].type, "a");
    EXPECT_EQ(list.plugins[0].name, "x");
    EXPECT_EQ(list.plugins[1].type, "b");
}

TEST(NetworkList, KeepsItsTextAsRead) {
    const std::string text = "{ \"name\" : \"n\",\n\"plugins\": [{\"type\":\"a\"}], \"n\": 1e3 }\n";
    EXPECT_EQ(NetworkList::parse(text).text, text);
}

TEST(NetworkList, NeedsANameOfTextInThatCase) {
    EXPECT_EQ(error_of(R"({"plugins":[{"type":"a"}]})"), problem("no name"));
    EXPECT_EQ(error_of(R"({"Name":"n","plugins":[{"type":"a"}]})"), problem("no name"));
    EXPECT_EQ(error_of(R"({"name":1})"), problem("invalid name type float64"));
    EXPECT_EQ(error_of(R"({"name":{}})"), problem("invalid name type map[string]interface {}"));
}

TEST(NetworkList, SaysWhatIsWrongWithVersions) {
    EXPECT_EQ(error_of(with(R"("cniVersion":1)")), problem("invalid cniVersion type float64"));
    EXPECT_EQ(error_of(with(R"("cniVersions":"1.0.0")")),
              problem("invalid type for cniVersions: string"));
    EXPECT_EQ(error_of(with(R"("cniVersions":["1.0.0",true])")),
              problem("invalid type for cniVersions index 1: bool"));
    EXPECT_THAT(error_of(with(R"("cniVersions":["x"])")),
                ::testing::StartsWith(problem("invalid cniVersions entry x at index 0: ")));
    EXPECT_THAT(error_of(with(R"("cniVersions":["1.0.0"],"cniVersion":"1.1.0.0")")),
                ::testing::StartsWith(problem("invalid cniVersion 1.1.0.0: ")));
}

TEST(NetworkList, TakesTheVersionAsGivenWhenThereIsNoChoice) {
    EXPECT_EQ(NetworkList::parse(with(R"("cniVersion":"9.2.0")")).cni_version, "9.2.0");
    EXPECT_EQ(NetworkList::parse(R"({"name":"n","plugins":[{"type":"a"}]})").cni_version, "");
    EXPECT_EQ(
        NetworkList::parse(with(R"("cniVersion":"2.0.0","cniVersions":["3.0.0"])")).cni_version,
        "2.0.0");
}

TEST(NetworkList, ChoosesTheHighestVersionThatIsSpoken) {
    EXPECT_EQ(NetworkList::parse(with(R"("cniVersion":"2.0.0","cniVersions":["0.4.0","0.3.1"])"))
                  .cni_version,
              "0.4.0");
    EXPECT_EQ(NetworkList::parse(with(R"("cniVersion":"1.0.0","cniVersions":["0.4.0","0.3.1"])"))
                  .cni_version,
              "1.0.0");
    EXPECT_EQ(NetworkList::parse(with(R"("cniVersions":["0.4.0","1.1.0","1.2.0"])")).cni_version,
              "1.1.0");
}

TEST(NetworkList, FlagsAreBooleansOrTheirText) {
    const auto list = NetworkList::parse(
        with(R"("disableCheck":true,"disableGC":"TRUE","loadOnlyInlinedPlugins":"False")"));
    EXPECT_TRUE(list.disable_check);
    EXPECT_TRUE(list.disable_gc);
    EXPECT_FALSE(list.load_only_inlined);
    EXPECT_EQ(error_of(with(R"("disableCheck":"YES")")),
              problem("invalid value \"yes\" for disableCheck"));
    EXPECT_EQ(error_of(with(R"("disableGC":1)")), problem("invalid type float64 for disableGC"));
}

TEST(NetworkList, PluginsAreAListOfObjectsWithTypes) {
    EXPECT_EQ(error_of(R"({"name":"n","plugins":{}})"),
              problem("invalid 'plugins' type map[string]interface {}"));
    EXPECT_EQ(error_of(R"({"name":"n","plugins":[]})"), problem("no plugins in list"));
    EXPECT_EQ(error_of(R"({"name":"n","plugins":[{"type":"a"},{"type":""}]})"),
              "failed to parse plugin config 1: error parsing configuration: missing 'type'");
    EXPECT_THAT(error_of(R"({"name":"n","plugins":["a"]})"),
                ::testing::HasSubstr("must be a JSON object, not a string"));
    EXPECT_THAT(error_of(R"({"name":"n","plugins":[{"type":"a","capabilities":{"x":"y"}}]})"),
                ::testing::HasSubstr("\"plugins[0].capabilities.x\" must be true or false"));
}

TEST(NetworkList, MayLeaveItsPluginsToAFolderUnlessItOnlyTakesInlinedOnes) {
    EXPECT_TRUE(NetworkList::parse(R"({"name":"n"})").plugins.empty());
    EXPECT_EQ(error_of(R"({"name":"n","loadOnlyInlinedPlugins":true})"),
              problem("`loadOnlyInlinedPlugins` is true, and no 'plugins' key"));
}

TEST(NetworkList, SaysWhereItIsNoJson) {
    EXPECT_THAT(error_of("{\"name\":\"n\",\n  }"),
                ::testing::StartsWith(problem("line 2, column 3")));
}

TEST(NetworkList, RefusesDeepNesting) {
    const std::string deep(100'000, '[');
    EXPECT_THAT(error_of(deep), ::testing::HasSubstr("nested deeper than"));
}

TEST(NetworkList, WrapsASingleConfigurationCompactly) {
    const auto list = NetworkList::wrap(R"({ "type": "b", "name": "n", "z": 1, "a": [ 2 ] })");
    EXPECT_EQ(list.name, "n");
    ASSERT_EQ(list.plugins.size(), 1u);
    EXPECT_EQ(list.plugins[0].type, "b");
    EXPECT_EQ(list.text,
              R"({"cniVersion":"","name":"n","plugins":[{"a":[2],"name":"n","type":"b","z":1}]})");
    EXPECT_FALSE(list.disable_check);
}

TEST(NetworkList, AListIsNoSingleConfiguration) {
    try {
        NetworkList::wrap(R"({"name":"n","plugins":[{"type":"a"}]})");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.msg, "error parsing configuration: missing 'type'");
    }
}

TEST(NetworkList, ComparesItsVersionByNumbers) {
    EXPECT_TRUE(NetworkList::parse(with(R"("cniVersion":"0.10.0")")).speaks("0.4.0"));
    EXPECT_FALSE(NetworkList::parse(with(R"("cniVersion":"")")).speaks("0.4.0"));
    EXPECT_THROW(NetworkList::parse(with(R"("cniVersion":"x.y")")).speaks("0.4.0"), Error);
}

}  // namespace
}  // namespace cni
