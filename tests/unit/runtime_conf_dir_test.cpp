// Which file of a configuration directory a network comes from.
#include "runtime/conf_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/recording.h"

namespace cni {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string list(const std::string& name, const std::string& type) {
    return cat(R"({"cniVersion":"1.0.0","name":")", name, R"(","plugins":[{"type":")", type,
               "\"}]}");
}

std::string single(const std::string& name, const std::string& type) {
    return cat(R"({"cniVersion":"1.0.0","name":")", name, R"(","type":")", type, "\"}");
}

class ConfDir : public ::testing::Test {
protected:
    std::vector<std::string> types(const std::string& name) const {
        std::vector<std::string> out;
        for (const PluginConf& plugin : load_network(dir_.path(), name).plugins)
            out.push_back(plugin.type);
        return out;
    }
    std::string error(const std::string& name) const {
        try {
            load_network(dir_.path(), name);
        } catch (const Error& e) {
            return e.what();
        }
        return "";
    }
    test::TempDir dir_;
};

TEST_F(ConfDir, ListsComeBeforeSingleConfigurationsWhateverTheirNames) {
    dir_.write("00.conf", single("n", "from-conf"));
    dir_.write("99.conflist", list("n", "from-list"));
    EXPECT_THAT(types("n"), ElementsAre("from-list"));
}

TEST_F(ConfDir, TheFirstFileOfANameCounts) {
    dir_.write("20.conflist", list("n", "second"));
    dir_.write("10.conflist", list("n", "first"));
    dir_.write("30.json", single("m", "third"));
    dir_.write("25.conf", single("m", "second"));
    EXPECT_THAT(types("n"), ElementsAre("first"));
    EXPECT_THAT(types("m"), ElementsAre("second"));
}

TEST_F(ConfDir, JsonHoldsSingleConfigurations) {
    dir_.write("10.json", single("n", "a"));
    EXPECT_THAT(types("n"), ElementsAre("a"));
}

TEST_F(ConfDir, AListInJsonIsRefused) {
    dir_.write("10.json", list("n", "a"));
    EXPECT_EQ(error("n"),
              cat("error parsing configuration: missing 'type'; file ", dir_.path(), "/10.json"));
}

TEST_F(ConfDir, OtherExtensionsAndDirectoriesAreSkipped) {
    dir_.write("10.conflist/inside", "");
    dir_.write("11.CONFLIST", "broken");
    dir_.write("12.conflist~", "broken");
    dir_.write("13.yaml", "broken");
    dir_.write("20.conflist", list("n", "a"));
    EXPECT_THAT(types("n"), ElementsAre("a"));
}

// One mistake must not take all networks of a host down.
TEST_F(ConfDir, ABrokenFileBeforeTheNetworksOwnIsPassedOverAndTold) {
    dir_.write("10.conflist", "{");
    dir_.write("12.conflist", R"({"name":"other","plugins":[{"type":5}]})");
    dir_.write("13.conflist", R"({"name":"third"})");
    dir_.write("20.conflist", list("n", "a"));
    ::testing::internal::CaptureStderr();
    EXPECT_THAT(types("n"), ElementsAre("a"));
    const std::string told = ::testing::internal::GetCapturedStderr();
    EXPECT_THAT(told, HasSubstr(cat("file ", dir_.path(), "/10.conflist\n")));
    EXPECT_THAT(told, HasSubstr(cat("file ", dir_.path(), "/12.conflist\n")));
    EXPECT_THAT(told, Not(HasSubstr("13.conflist"))) << "only who uses it is told";
    EXPECT_THAT(error("third"), HasSubstr("no plugin configs found; file "));
}

TEST_F(ConfDir, WhatABrokenListHidesMayBeInASingleConfiguration) {
    dir_.write("10.conflist", "{");
    dir_.write("20.conf", single("n", "a"));
    EXPECT_THAT(types("n"), ElementsAre("a"));
}

// It would come first if it were whole: an older copy is not what is meant.
TEST_F(ConfDir, ABrokenFileThatMentionsTheNetworkIsTakenForIt) {
    dir_.write("10.conflist", R"({"name": "n", "plugins": [{"type": "new"},]})");
    dir_.write("20.conflist", list("n", "old"));
    EXPECT_THAT(error("n"), HasSubstr("10.conflist"));
}

TEST_F(ConfDir, WhereTheNetworkIsNotFoundTheBrokenFilesAreNamed) {
    dir_.write("10.conflist", "{");
    dir_.write("20.conflist", list("m", "a"));
    EXPECT_THAT(error("n"),
                HasSubstr(cat("no net configuration with name \"n\" in ", dir_.path())));
    EXPECT_THAT(error("n"), HasSubstr("/10.conflist"));
}

TEST_F(ConfDir, ABrokenFileBehindTheNetworksOwnIsNotRead) {
    dir_.write("10.conflist", list("n", "a"));
    dir_.write("20.conflist", "{");
    dir_.write("30.conf", "{");
    EXPECT_THAT(types("n"), ElementsAre("a"));
}

TEST_F(ConfDir, NothingThereAndNothingOfThatNameAreTold) {
    EXPECT_EQ(error("n"), cat("no net configurations found in ", dir_.path()));
    dir_.write("10.conf", single("other", "a"));
    EXPECT_EQ(error("n"), cat("no net configuration with name \"n\" in ", dir_.path()));
    EXPECT_THROW(load_network(cat(dir_.path(), "/missing"), "n"), Error);
}

TEST_F(ConfDir, PluginsOfTheFolderComeBehindTheInlinedOnesInOrderOfNames) {
    dir_.write("10.conflist", list("n", "inlined"));
    dir_.write("n/20.conf", R"({"type":"second"})");
    dir_.write("n/10.conf", R"({"type":"first"})");
    dir_.write("n/30.json", R"({"type":"never"})");
    EXPECT_THAT(types("n"), ElementsAre("inlined", "first", "second"));
}

TEST_F(ConfDir, AFolderAloneMakesANetwork) {
    dir_.write("10.conflist", R"({"name":"n"})");
    EXPECT_THAT(error("n"), HasSubstr("no plugin configs found"));
    dir_.write("n/10.conf", R"({"type":"a"})");
    EXPECT_THAT(types("n"), ElementsAre("a"));
}

TEST_F(ConfDir, AListMayKeepItsFolderOut) {
    dir_.write("10.conflist",
               R"({"name":"n","loadOnlyInlinedPlugins":true,"plugins":[{"type":"a"}]})");
    dir_.write("n/10.conf", "{");
    EXPECT_THAT(types("n"), ElementsAre("a"));
}

TEST_F(ConfDir, AFolderFileWithoutTypeIsNamed) {
    dir_.write("10.conflist", list("n", "a"));
    dir_.write("n/10.conf", "{}");
    EXPECT_THAT(error("n"), HasSubstr("error parsing configuration: missing 'type'"));
    EXPECT_THAT(error("n"), HasSubstr("/n/10.conf"));
}

TEST_F(ConfDir, ANameCannotLeadOutOfTheDirectory) {
    dir_.write("outside/10.conf", R"({"type":"outside"})");
    dir_.write("net.d/10.conflist", list("../outside", "a"));
    const auto network = load_network(cat(dir_.path(), "/net.d"), "../outside");
    EXPECT_EQ(network.plugins.size(), 1u);
}

TEST_F(ConfDir, HugeFilesAndFifosAreRefusedAtOnce) {
    dir_.write("10.conflist", std::string(max_json_size + 1, ' '));
    EXPECT_THAT(error("n"), HasSubstr("is larger than"));
    ASSERT_EQ(::mkfifo(cat(dir_.path(), "/05.conflist").c_str(), 0600), 0);
    EXPECT_THAT(error("n"), HasSubstr("05.conflist"));
    dir_.write("20.conflist", list("n", "a"));
    EXPECT_THAT(types("n"), ElementsAre("a"));
}

}  // namespace
}  // namespace cni
