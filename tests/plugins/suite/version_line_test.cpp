// What programs read in the words of a plugin without a command, to decide what it can do.
#include <gtest/gtest.h>

#include <algorithm>

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

TEST(VersionLine, EveryReaderFindsTheReferencesRelease) {
    const auto expected = Version::parse(reference_release);
    ASSERT_GE(expected, Version::parse("1.7.1"));
    for (const char* plugin :
         {"bridge",  "dummy",   "firewall", "host-device", "host-local", "ipvlan",   "loopback",
          "macvlan", "portmap", "ptp",      "static",      "tap",        "tuning",   "flannel",
          "sbr",     "sample",  "debug",    "vlan",        "vrf",        "bandwidth"}) {
        const PluginRun run = run_plugin(plugin, "", {}, "");
        EXPECT_EQ(first_version(run.out + run.err), expected) << run.err;
        EXPECT_EQ(behind_name(run.err, plugin), expected) << run.err;
        EXPECT_EQ(fourth_word(run.err), cat("v", reference_release)) << run.err;
    }
}

}  // namespace
}  // namespace cni::test
