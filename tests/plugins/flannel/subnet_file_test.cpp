// The daemon's file: late, or not what it should be.
#include <unistd.h>

#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class FlannelSubnetFile : public FlannelTest {
protected:
    static json waiting() { return network({{"subnetFileWait", 60}}); }
    static Process start_add(const TestNetns& c, const json& config) {
        return Process::start(plugin_program("flannel", "ADD", args(c), config.dump()));
    }
    /// Until it does; false when it has ended instead.
    static bool waits(const Process& process) {
        const std::string fds = cat("/proc/", process.pid(), "/fd");
        for (std::error_code none;; ::usleep(1000)) {
            const auto is_inotify = [&](const auto& fd) {
                return std::filesystem::read_symlink(fd, none).string().find("inotify") !=
                       std::string::npos;
            };
            const auto dir = std::filesystem::directory_iterator(fds, none);
            if (std::any_of(begin(dir), end(dir), is_inotify)) return true;
            const auto state = run({.argv = {"ps", "-o", "state=", "-p", cat(process.pid())}}).out;
            if (state.empty() || state[0] == 'Z') return false;
        }
    }
};

TEST_F(FlannelSubnetFile, IsWaitedForWhereTheConfigurationSaysSo) {
    const TestNetns c("c1");
    for (const std::string how :
         {"mkdir /run/flannel; cat >/run/new; mv /run/new /run/flannel/subnet.env",
          "mkdir /run/flannel; cat >/run/flannel/subnet.env",
          "mkdir /run/new; cat >/run/new/subnet.env; mv /run/new /run/flannel",
          "mkdir /run/flannel; rmdir /run/flannel; mkdir /run/flannel; echo junk "
          ">/run/flannel/subnet.env; cat >/run/flannel/subnet.env"}) {
        SCOPED_TRACE(how);
        remove_subnets();
        Process adding = start_add(c, waiting());
        ASSERT_TRUE(waits(adding));
        shell(how, subnets());
        const PluginRun run = wait_for_plugin(adding);
        EXPECT_TRUE(run.ok()) << run.report();
        del(c, waiting());
    }
}

TEST_F(FlannelSubnetFile, ThatNeverComesIsAnError) {
    const TestNetns c("c1");
    remove_subnets();
    for (const int seconds : {0, 1}) {
        const PluginRun run = flannel("ADD", c, network({{"subnetFileWait", seconds}}));
        EXPECT_EQ(run.error_code(), 999);
        EXPECT_EQ(run.error_message(),
                  "failed to load flannel 'subnet.env' file: open /run/flannel/subnet.env: No such "
                  "file or directory. Check the flannel pod log for this node.");
        EXPECT_FALSE(std::filesystem::exists(data_dir));
        del(c, network());
    }
}

TEST_F(FlannelSubnetFile, IsReadWithCare) {
    const TestNetns c("c1");
    const std::pair<const char*, const char*> cases[] = {
        {"mkfifo f", "is no regular file"},
        {"mkfifo f; exec 3<>f; sleep 100 >/dev/null 2>&1 &", "is no regular file"},
        {"ln -s /dev/zero f", "is no regular file"},
        {"ln -s subnet.env f", "Too many levels of symbolic links"},
        {"mkdir f", "is no regular file"},
        {"head -c 2000000 /dev/zero >f", "is larger than 65536 bytes"},
        {"head -c 1000 /dev/urandom >f", " is missing FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK, "},
        {": >f", " is missing FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK, "}};
    for (const auto& [how, message] : cases) {
        shell(cat("cd /run/flannel; rm -rf f subnet.env; ", how, "\n mv -T f subnet.env"));
        const PluginRun run = flannel("ADD", c, network());
        EXPECT_EQ(run.error_code(), 999) << how;
        EXPECT_THAT(run.error_message(), HasSubstr(message)) << how;
        del(c, network());
    }
}

// Wherever the daemon keeps it.
TEST_F(FlannelSubnetFile, MayBeALink) {
    const TestNetns c("c1");
    shell("mv /run/flannel/subnet.env /run/elsewhere; ln -s ../elsewhere /run/flannel/subnet.env");
    add(c, network());
    del(c, network());
}

}  // namespace
}  // namespace cni::test
