// What programs read in the words of a plugin without a command, to decide what it can do.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.h"
#include "base/release.h"
#include "base/text.h"
#include "cni/version.h"
#include "support/plugin_run.h"

namespace cni::test {
namespace {

std::optional<Version> version_of(std::string_view word) {
    if (word.starts_with('v')) word.remove_prefix(1);
    return split(word, '.').size() == 3 ? Version::parse(word) : std::nullopt;
}

// Nomad: the first word of stdout and stderr that is a semantic version.
std::optional<Version> first_version(const std::string& text) {
    std::string words = text;
    std::replace(words.begin(), words.end(), '\n', ' ');
    for (const auto word : split(words, ' '))
        if (const auto version = version_of(word)) return version;
    return {};
}

// nerdctl: all that follows the name, on the line of stderr that begins with it.
std::optional<Version> behind_name(const std::string& text, const std::string& plugin) {
    const std::string name = cat("CNI ", plugin, " plugin ");
    for (const auto line : split(text, '\n'))
        if (line.starts_with(name)) return version_of(line.substr(name.size()));
    return {};
}

// Image builders: the fourth word of the first line.
std::string fourth_word(const std::string& text) {
    return std::string(split(split(text, '\n').at(0), ' ').at(3));
}

/// As somebody at a terminal runs it; `word` "" is none.
Finished run_by_hand(const std::string& plugin, const std::string& word) {
    const Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_EQ(::grantpt(terminal.get()), 0);
    EXPECT_EQ(::unlockpt(terminal.get()), 0);
    const Fd keyboard(::open(::ptsname(terminal.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    Program program{.argv = {cat(bin_dir(), "/", plugin)}, .environment = passed_on()};
    if (!word.empty()) program.argv.push_back(word);
    program.prepare = [&] { ::dup2(keyboard.get(), 0); };
    return run(program);
}

TEST(VersionLine, WhoRunsAPluginByHandIsToldWhatItIs) {
    for (const std::string plugin : {"bridge", "dhcp", "loopback", "static", "tap"}) {
        const std::string lines = run_plugin(plugin, "", {}, "").err;
        for (const Finished& help :
             {run_by_hand(plugin, ""), run_by_hand(plugin, "--help"),
              run({.argv = {cat(bin_dir(), "/", plugin), "--help"}, .environment = passed_on()})}) {
            EXPECT_TRUE(help.ok());
            EXPECT_EQ(help.out, "");
            EXPECT_THAT(help.err, ::testing::StartsWith(cat(lines, "\n", plugin, " ")));
            for (const char* word : {"CNI_COMMAND", "CNI_NETNS", "stdin", "cnitool add"})
                EXPECT_THAT(help.err, ::testing::HasSubstr(word));
            EXPECT_THAT(help.err, ::testing::HasSubstr(cat("docs/plugins/", plugin, ".md")));
        }
        EXPECT_EQ(run_by_hand(plugin, "--version").err, lines);
    }
}

// Words are for people: what a runtime asks for is done whatever they are.
TEST(VersionLine, WordsChangeNothingOfACall) {
    Program program = plugin_program("bridge", "VERSION", {}, "");
    const std::string answer = run(program).out;
    EXPECT_THAT(answer, ::testing::HasSubstr("supportedVersions"));
    program.argv.push_back("--help");
    EXPECT_EQ(run(program).out, answer);
}

TEST(VersionLine, EveryReaderFindsTheReferencesRelease) {
    const auto expected = Version::parse(reference_release);
    ASSERT_GE(expected, Version::parse("1.7.1"));
    for (const char* plugin :
         {"bridge",  "dummy",   "firewall", "host-device", "host-local", "ipvlan",    "loopback",
          "macvlan", "portmap", "ptp",      "static",      "tap",        "tuning",    "flannel",
          "sbr",     "sample",  "debug",    "vlan",        "vrf",        "bandwidth", "dhcp"}) {
        const PluginRun run = run_plugin(plugin, "", {}, "");
        EXPECT_EQ(first_version(run.out + run.err), expected) << run.err;
        EXPECT_EQ(behind_name(run.err, plugin), expected) << run.err;
        EXPECT_EQ(fourth_word(run.err), cat("v", reference_release)) << run.err;
    }
}

}  // namespace
}  // namespace cni::test
