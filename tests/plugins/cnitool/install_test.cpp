// Plugins of a node are replaced by those beside cnitool, and the way back.
#include "install_fixture.h"

#include "base/await_path.h"
#include "base/release.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Install = InstallTest;

TEST_F(Install, PutsThePluginsInPlaceThenTheList) {
    const Finished done = install(with_list());
    ASSERT_TRUE(done.ok()) << done.err;
    EXPECT_EQ(done.out, "");
    Files wanted = before_;
    for (const char* name : {"cnitool", "host-local", "loopback"})
        wanted[cat("bin/", name)] = installed(name);
    wanted["net.d/10-pods.conflist"] = cat(0644, R"( {
  "cniVersion": "1.0.0", "name": "pods",
  "plugins": [{"type": "loopback", "ipam": {"ranges": )",
                                           R"([[{"subnet":"10.244.3.0/24"}],)",
                                           R"([{"subnet":"fd00:3::/64"}]], "type": "host-local"}}]
}
)");
    EXPECT_EQ(host(), wanted);
    EXPECT_TRUE(install(with_list()).ok());
    EXPECT_EQ(host(), wanted);
}

TEST_F(Install, MakesTheDirectoriesThatAreMissing) {
    const Finished done =
        run({.argv = {path("image/cnitool"), "install", "--bin-dir", path("new/cni/bin"),
                      "--conf-dir", path("new/net.d/"), "--conflist",
                      path("template/10-pods.conflist"), "--pod-cidr", "10.244.3.0/24"}});
    EXPECT_TRUE(done.ok()) << done.err;
    EXPECT_TRUE(dir_.has("new/cni/bin/loopback"));
    EXPECT_TRUE(dir_.has("new/net.d/10-pods.conflist"));
}

TEST_F(Install, TheWayBackLeavesWhatWasThere) {
    std::filesystem::remove(path("bin/host-local"));
    std::filesystem::create_symlink("other", path("bin/host-local"));
    const Files before = host();
    ASSERT_TRUE(install(with_list()).ok());
    ASSERT_TRUE(install(with_list()).ok());
    const Finished done = uninstall();
    EXPECT_TRUE(done.ok()) << done.err;
    EXPECT_EQ(host(), before);
    EXPECT_TRUE(is_forgotten());
    EXPECT_TRUE(uninstall().ok());
    EXPECT_EQ(host(), before);
}

// Who had the same files there by hand has them afterwards.
TEST_F(Install, TheWayBackLeavesWhatWasTheSame) {
    std::filesystem::copy_file(path("image/loopback"), path("bin/loopback"));
    const Files before = host();
    ASSERT_TRUE(install({}).ok());
    EXPECT_TRUE(uninstall().ok());
    EXPECT_EQ(host(), before);
}

// The second installation is another release: its former is still what was there before the first.
TEST_F(Install, TheWayBackGoesPastOlderReleasesOfOurs) {
    ASSERT_TRUE(install(with_list()).ok());
    write_ours("loopback", "another");
    ASSERT_TRUE(install(with_list()).ok());
    EXPECT_EQ(describe("bin/loopback"), installed("loopback"));
    EXPECT_TRUE(uninstall().ok());
    EXPECT_EQ(host(), before_);
}

TEST_F(Install, WhatOthersHaveReplacedStays) {
    ASSERT_TRUE(install(with_list()).ok());
    std::filesystem::remove(path("bin/loopback"));
    write_plugin("loopback", "CNI loopback plugin v1.5.0");
    const std::string theirs = describe("bin/loopback");
    const Finished done = uninstall();
    EXPECT_TRUE(done.ok());
    EXPECT_THAT(done.err, HasSubstr("bin/loopback is somebody else's by now, and stays"));
    Files wanted = before_;
    wanted["bin/loopback"] = theirs;
    EXPECT_EQ(host(), wanted);
    EXPECT_TRUE(is_forgotten());
}

// What they put there is what goes back, when it is replaced in its turn.
TEST_F(Install, WhatOthersHaveReplacedIsKept) {
    ASSERT_TRUE(install({}).ok());
    std::filesystem::remove(path("bin/loopback"));
    write_plugin("loopback", "CNI loopback plugin v1.5.0");
    Files wanted = before_;
    wanted["bin/loopback"] = describe("bin/loopback");
    ASSERT_TRUE(install({}).ok());
    EXPECT_EQ(describe("bin/loopback"), installed("loopback"));
    EXPECT_TRUE(uninstall().ok());
    EXPECT_EQ(host(), wanted);
}

TEST_F(Install, ANewerPluginStopsAllOfIt) {
    write_plugin("loopback", "CNI loopback plugin v1.10.0");
    before_ = host();
    const Finished refused = install(with_list());
    EXPECT_EQ(refused.exit_code(), 1);
    EXPECT_THAT(refused.err, HasSubstr(cat("bin/loopback is v1.10.0, newer than v",
                                           reference_release, " (cnixx ", release, ")")));
    EXPECT_THAT(refused.err, HasSubstr("--replace-newer"));
    EXPECT_EQ(host(), before_);
    EXPECT_TRUE(install({"--plugin", "host-local"}).ok());
    EXPECT_FALSE(dir_.has("bin/cnitool"));
    EXPECT_TRUE(install({"--replace-newer"}).ok());
    EXPECT_EQ(describe("bin/loopback"), installed("loopback"));
    EXPECT_TRUE(uninstall().ok());
    EXPECT_EQ(host(), before_);
}

TEST_F(Install, ANewerReleaseOfOursStopsItToo) {
    write_plugin("loopback", cat("CNI loopback plugin v", reference_release, "\ncnixx 99.0.0"));
    EXPECT_THAT(install({}).err, HasSubstr("(cnixx 99.0.0), newer than"));
}

TEST_F(Install, WhatSaysNoVersionIsReplaced) {
    for (const char* said : {"no plugin", "CNI loopback plugin version unknown", ""}) {
        write_plugin("loopback", said);
        EXPECT_TRUE(install({}).ok()) << said;
        EXPECT_EQ(describe("bin/loopback"), installed("loopback"));
        EXPECT_TRUE(uninstall().ok());
    }
}

// execve(2) of a file that is written to fails, and so does writing to a file that is executed.
TEST_F(Install, WhatIsBeingExecutedIsReplaced) {
    std::filesystem::copy_file("/bin/sleep", path("bin/loopback"));
    Process sleeping = Process::start({.argv = {path("bin/loopback"), "1000"}});
    ASSERT_TRUE(await_path(
        path("bin"),
        [&] {
            return std::filesystem::read_symlink(cat("/proc/", sleeping.pid(), "/exe")) ==
                   path("bin/loopback");
        },
        std::chrono::seconds(10)));
    const Finished done = install({"-p", "loopback", "--replace-newer"});
    EXPECT_TRUE(done.ok()) << done.err;
    EXPECT_EQ(describe("bin/loopback"), installed("loopback"));
}

TEST_F(Install, AListComesOnlyWithItsPlugins) {
    dir_.write("template/20-more.conflist",
               R"({"cniVersion":"1.0.0","name":"more","plugins":[{"type":"nonesuch"}]})");
    const Finished refused = install({"--conflist", path("template/20-more.conflist")});
    EXPECT_EQ(refused.exit_code(), 1);
    EXPECT_THAT(refused.err, HasSubstr("nonesuch"));
    EXPECT_FALSE(dir_.has("net.d/20-more.conflist"));
}

TEST_F(Install, AListThatPluginsWouldRefuseIsNotPutThere) {
    const std::string text = dir_.read("template/10-pods.conflist");
    const auto type = text.find(R"("host-local")");
    dir_.write("template/10-pods.conflist",
               cat(text.substr(0, type), R"("host-local","strategy":"best")",
                   text.substr(type + std::string_view(R"("host-local")").size())));
    const Finished refused = install(with_list());
    EXPECT_EQ(refused.exit_code(), 1);
    EXPECT_THAT(refused.err, HasSubstr("ipam.strategy"));
    EXPECT_EQ(describe("net.d/10-pods.conflist"), before_["net.d/10-pods.conflist"]);
}

TEST_F(Install, TheAddressesMayBeInAFile) {
    const std::string file = dir_.write("cidrs", "10.244.9.0/24\n");
    auto words = with_list();
    words.resize(2);
    words.insert(words.end(), {"--pod-cidr", "", "--pod-cidr-file", file});
    EXPECT_TRUE(install(words).ok());
    EXPECT_THAT(dir_.read("net.d/10-pods.conflist"),
                HasSubstr(R"([[{"subnet":"10.244.9.0/24"}]])"));
    dir_.write("cidrs", "10.244.9.0\n");
    EXPECT_THAT(install(words).err, HasSubstr(R"(names "10.244.9.0", which is no CIDR)"));
}

TEST_F(Install, WithoutAddressesThereIsNoList) {
    auto words = with_list();
    words.resize(2);
    const Finished refused = install(words);
    EXPECT_EQ(refused.exit_code(), 1);
    EXPECT_THAT(refused.err, HasSubstr("--pod-cidr-file or --api-socket"));
    EXPECT_EQ(describe("bin/loopback"), installed("loopback"));
    EXPECT_EQ(describe("net.d/10-pods.conflist"), before_["net.d/10-pods.conflist"]);
}

TEST_F(Install, CheckTellsWhatIsNotInPlace) {
    auto words = with_list();
    words.emplace_back("--check");
    const Finished nothing = install(words);
    EXPECT_EQ(nothing.exit_code(), 1);
    EXPECT_THAT(nothing.err, HasSubstr("bin/loopback is not the one"));
    EXPECT_THAT(nothing.err, HasSubstr("net.d/10-pods.conflist is not the one"));
    EXPECT_EQ(host(), before_);
    ASSERT_TRUE(install(with_list()).ok());
    EXPECT_TRUE(install(words).ok());
    dir_.write("net.d/10-pods.conflist", "{}");
    EXPECT_THAT(install(words).err, Not(HasSubstr("bin/")));
    EXPECT_EQ(install(words).exit_code(), 1);
}

TEST_F(Install, StayingItPutsBackWhatOthersReplace) {
    auto words = with_list();
    words.emplace_back("--stay");
    Process staying = Process::start(tool("install", words));
    const auto is_installed = [&] {
        auto check = with_list();
        check.emplace_back("--check");
        return install(check).ok();
    };
    ASSERT_TRUE(await_path(path("net.d/10-pods.conflist"), is_installed, std::chrono::minutes(1)));
    write_plugin("new-loopback", "CNI loopback plugin v1.5.0");
    std::filesystem::rename(path("bin/new-loopback"), path("bin/loopback"));
    std::filesystem::remove(path("net.d/10-pods.conflist"));
    EXPECT_TRUE(await_path(path("net.d/10-pods.conflist"), is_installed, std::chrono::minutes(1)));
    staying.signal(SIGTERM);
    const Finished done = staying.wait();
    EXPECT_EQ(done.exit_code(), 0);
    EXPECT_THAT(done.err, HasSubstr("is not the one that is to be there: put there again"));
}

TEST_F(Install, ADirectoryInTheWayIsNamed) {
    dir_.write("bin/loopback/file", "");
    const Finished refused = install({});
    EXPECT_EQ(refused.exit_code(), 1);
    EXPECT_THAT(refused.err, HasSubstr("bin/loopback: Is a directory"));
}

TEST_F(Install, LinksInTheImageAreFollowed) {
    std::filesystem::rename(path("image/loopback"), path("image/all-of-them"));
    std::filesystem::create_symlink("all-of-them", path("image/loopback"));
    ASSERT_TRUE(install(with_list()).ok());
    EXPECT_EQ(describe("bin/loopback"), installed("loopback"));
    EXPECT_FALSE(dir_.has("bin/all-of-them"));
    EXPECT_TRUE(uninstall().ok());
    EXPECT_EQ(host(), before_);
}

// cnitool of a package of a distribution is in /usr/bin, with whatever else is there.
TEST_F(Install, WhatIsNoPluginOfOursIsNotInstalled) {
    dir_.write("image/README.md", "");
    std::filesystem::copy_file("/bin/sleep", path("image/sleep"));
    ASSERT_TRUE(install({}).ok());
    EXPECT_FALSE(dir_.has("bin/README.md"));
    EXPECT_FALSE(dir_.has("bin/sleep"));
    EXPECT_TRUE(uninstall().ok());
    std::filesystem::copy_file("/bin/sleep", path("image/bridge"));
    EXPECT_THAT(install({}).err, HasSubstr("image/bridge is not of this release"));
    EXPECT_EQ(host(), before_);
    for (const char* name : {"bridge", "host-local", "loopback"})
        std::filesystem::remove(path(cat("image/", name)));
    EXPECT_THAT(install({}).err, HasSubstr("there are no plugins in "));
    EXPECT_EQ(host(), before_);
}

TEST_F(Install, PluginsThatAreNotThereAreNamed) {
    EXPECT_THAT(install({"-p", "nonesuch"}).err, HasSubstr("there is no plugin nonesuch in "));
    EXPECT_EQ(host(), before_);
}

}  // namespace
}  // namespace cni::test
