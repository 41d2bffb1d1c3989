// `cni`, the executable that has all others in it: which of them it is, and that each is as it is
// alone.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "support/bridge_fixture.h"
#include "support/recording.h"

namespace cni::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string executable() {
    return cat(bin_dir(), "/cni");
}

/// Links to it, as somebody installs them.
class Links {
public:
    explicit Links(const std::string& prefix = {}) {
        for (const std::string& name : names()) add(cat(prefix, name));
    }
    const std::string& path() const { return dir_.path(); }
    std::string add(const std::string& name) const {
        std::string path = cat(dir_.path(), "/", name);
        checked(::symlink(executable().c_str(), path.c_str()), "link ", path);
        return path;
    }
    /// Of all that are in it.
    static std::vector<std::string> names() {
        const std::string list = output_of({executable(), "--list"});
        std::vector<std::string> names;
        for (const auto line : split(list, '\n'))
            if (!line.empty()) names.emplace_back(line);
        return names;
    }

private:
    TempDir dir_;
};

/// Without CNI_COMMAND and without a terminal.
Finished say(std::vector<std::string> argv) {
    return run({.argv = std::move(argv), .environment = passed_on()});
}

TEST(Multicall, EveryPluginIsInIt) {
    const std::string folder = CNIXX_SOURCE_DIR "/docs/plugins";
    auto expected =
        list_dir(open_at(AT_FDCWD, folder.c_str(), O_RDONLY | O_DIRECTORY, 0, folder), folder);
    for (std::string& page : expected) page.erase(page.rfind(".md"));
    expected.emplace_back("cnitool");
    std::ranges::sort(expected);
    EXPECT_EQ(Links::names(), expected);
}

TEST(Multicall, ANameAPrefixedNameAndAFirstWordChoose) {
    const Links links, prefixed("buildkit-cni-");
    for (const std::string& name : Links::names()) {
        const Finished alone = say({cat(bin_dir(), "/", name), "--help"});
        for (const std::vector<std::string>& argv :
             {std::vector<std::string>{cat(links.path(), "/", name), "--help"},
              {cat(prefixed.path(), "/buildkit-cni-", name), "--help"},
              {executable(), name, "--help"}}) {
            const Finished here = say(argv);
            EXPECT_EQ(here.status, alone.status) << argv[0];
            EXPECT_EQ(here.out, alone.out) << argv[0];
            EXPECT_EQ(here.err, alone.err) << argv[0];
        }
    }
    for (const char* plugin : {"loopback", "host-local"})
        EXPECT_THAT(say({links.add(cat("x-", plugin))}).err,
                    StartsWith(cat("CNI ", plugin, " plugin v")));
}

TEST(Multicall, WordsBehindTheNameReachIt) {
    const Links links;
    for (const std::vector<std::string>& tool :
         {std::vector<std::string>{cat(links.path(), "/cnitool")}, {executable(), "cnitool"}}) {
        std::vector<std::string> argv = tool;
        argv.insert(argv.end(), {"schema", "vrf"});
        EXPECT_EQ(output_of(argv), output_of({cat(bin_dir(), "/cnitool"), "schema", "vrf"}));
    }
    for (const std::vector<std::string>& dhcp :
         {std::vector<std::string>{cat(links.path(), "/dhcp")}, {executable(), "dhcp"}}) {
        std::vector<std::string> argv = dhcp;
        argv.insert(argv.end(), {"daemon", "--nonsense"});
        EXPECT_EQ(say(argv).exit_code(), 2) << "the daemon knows no such word";
    }
}

TEST(Multicall, ByItsOwnNameItSaysWhatItIs) {
    EXPECT_THAT(output_of({executable(), "--help"}), StartsWith("cni "));
    EXPECT_EQ(say({executable()}).exit_code(), 1);
    EXPECT_THAT(say({executable()}).err, HasSubstr("cni --list"));
    const Finished unknown = say({executable(), "brigde"});
    EXPECT_EQ(unknown.exit_code(), 1);
    EXPECT_EQ(unknown.err, "cni: there is no \"brigde\" in it\ncni --list prints what there is\n");
}

TEST(Multicall, AsThePluginCniItIsRefused) {
    PluginArgs args;
    args.netns = "/run/netns/none";
    const PluginRun run =
        run_plugin("cni", "ADD", args, R"({"cniVersion":"1.0.0","name":"n","type":"cni"})");
    EXPECT_EQ(run.error_code(), 7) << run.report();
    EXPECT_THAT(run.error_message(), HasSubstr("\"cni\" is no plugin"));
}

class MulticallNetwork : public BridgeTest {};

TEST_F(MulticallNetwork, PluginsRunEachOtherThroughLinks) {
    const Links links;
    const TestNetns container("c1");
    PluginArgs args = BridgeCalls::args(container);
    args.executables = args.path.emplace(links.path());
    json config = layer3();
    const PluginRun added = run_plugin("bridge", "ADD", args, config.dump());
    ASSERT_TRUE(added.ok()) << added.report();
    EXPECT_THAT(addresses(container), ElementsAre("10.1.2.2/24", "fd00:1:2::2/64"));
    config["prevResult"] = added.json();
    EXPECT_TRUE(run_plugin("bridge", "CHECK", args, config.dump()).ok());
    // One of the executables alone finds all of it again.
    args.executables = args.path.emplace(bin_dir());
    EXPECT_TRUE(run_plugin("bridge", "DEL", args, config.dump()).ok());
    EXPECT_TRUE(leases().empty());
    EXPECT_TRUE(link(container, "eth0").is_null());
}

// It is not because the plugin is at hand that it is the one that is run.
TEST_F(MulticallNetwork, TheIpamPluginIsTheOneInCniPath) {
    const Links links;
    const ScriptedIpam ipam;
    ipam.answer(ipam_result({"10.1.2.9/24"}));
    const TestNetns container("c1");
    PluginArgs args = BridgeCalls::args(container);
    args.executables = links.path();
    args.path = ScriptedIpam::dir;
    const PluginRun added = run_plugin("bridge", "ADD", args, scripted().dump());
    ASSERT_TRUE(added.ok()) << added.report();
    EXPECT_THAT(ipam.calls(), ElementsAre("ADD c1 eth0"));
    args.ifname = "eth1";
    const PluginRun missing = run_plugin("bridge", "ADD", args, layer3().dump());
    EXPECT_THAT(missing.error_message(), HasSubstr("failed to find plugin \"host-local\""));
}

/// Pages that a call touches for the first time, whatever the test program had to do to start it.
long faults_of(const std::string& path, const char* name, std::string command,
               const std::string& input) {
    std::vector<char*> argv{const_cast<char*>(name), nullptr};
    command.insert(0, "CNI_COMMAND=");
    std::vector<char*> environment{command.data(), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, input.c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t pid = -1;
    const int error =
        ::posix_spawn(&pid, path.c_str(), &actions, nullptr, argv.data(), environment.data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw SysError(cat("execute ", path), error);
    int status = 0;
    rusage usage{};
    checked(::wait4(pid, &status, 0, &usage), "wait for ", path);
    EXPECT_TRUE(WIFEXITED(status)) << path;
    return usage.ru_minflt + usage.ru_majflt;
}

long fewest_faults_of(const std::string& path, const char* name, const char* command) {
    const TempDir dir;
    const std::string input = dir.write("conf", R"({"cniVersion":"1.1.0"})");
    long fewest = faults_of(path, name, command, input);
    for (int i = 0; i < 20; ++i) fewest = std::min(fewest, faults_of(path, name, command, input));
    return fewest;
}

// What a start costs is the pages that it touches. Nothing of a plugin that is not called is
// initialised: what is more than large ones touch alone are its C library and constants, which lie
// further apart.
TEST(Multicall, AStartTouchesHardlyMorePagesThanOneOfALargePluginAlone) {
    if (is_sanitized()) GTEST_SKIP() << "it is another program with sanitizers";
    for (const char* name : {"bridge", "portmap", "firewall", "ptp"}) {
        const long alone = fewest_faults_of(cat(bin_dir(), "/", name), name, "VERSION");
        EXPECT_LE(fewest_faults_of(executable(), name, "VERSION"), alone + 6) << name;
    }
}

// The stack's frames are looked up where the linker has sorted them. Sorted at the first error they
// are copied, which is a page for every 250 of them.
TEST(Multicall, AnErrorTouchesFewPagesMore) {
    if (is_sanitized()) GTEST_SKIP() << "it is another program with sanitizers";
    for (const char* file : {"bridge", "host-local", "cni"}) {
        const std::string path = cat(bin_dir(), "/", file);
        const char* name = path == executable() ? "bridge" : file;
        const long without = fewest_faults_of(path, name, "VERSION");
        EXPECT_LE(fewest_faults_of(path, name, "nonsense"), without + 10) << file;
    }
}

}  // namespace
}  // namespace cni::test
