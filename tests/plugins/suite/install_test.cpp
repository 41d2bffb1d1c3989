// From a checkout: what `cmake --install` puts below DESTDIR, and the target `uninstall` takes
// away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "base/file.h"
#include "base/text.h"
#include "support/plugin_run.h"
#include "support/recording.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class Install : public ::testing::Test {
protected:
    Install() : list_(read_file(manifest_, 1u << 20)) {}
    // That of whoever has installed something from here stays.
    ~Install() override {
        if (list_)
            output_of({"sh", "-c", cat("cat >", manifest_)}, *list_);
        else
            ::unlink(manifest_.c_str());
    }
    Finished cmake(const std::string& words) const {
        return run({.argv = {"sh", "-c",
                             cat("cd ", build_, " && DESTDIR=", root_.path(), " cmake ", words)}});
    }
    static std::string uninstall() { return "-P " CNIXX_SOURCE_DIR "/cmake/uninstall.cmake"; }

    const std::string build_ = cat(bin_dir(), "/..");
    const std::string manifest_ = cat(build_, "/install_manifest.txt");
    const std::optional<std::string> list_;
    TempDir root_;
};

TEST_F(Install, UninstallTakesAwayWhatIsOurs) {
    const Finished installed = cmake("--install . --prefix /opt/cni");
    ASSERT_TRUE(installed.ok()) << installed.out << installed.err;
    const auto plugins = root_.names("opt/cni/bin");
    for (const char* name : {"bridge", "dhcp", "host-local", "portmap", "cnitool"})
        EXPECT_THAT(plugins, Contains(name));
    EXPECT_THAT(plugins, Not(Contains(StartsWith("."))));
    for (const char* name : {"conf.json", "conflist.json", "bridge.json", "host-local.json"})
        EXPECT_THAT(root_.names("opt/cni/share/cnixx/schema"), Contains(name));
    EXPECT_THAT(root_.names("opt/cni/share/man/man1"), ElementsAre("cnitool.1"));
    EXPECT_THAT(root_.names("opt/cni/share/man/man8"), Contains("cnixx-bridge.8"));
    EXPECT_TRUE(root_.has("opt/cni/share/bash-completion/completions/cnitool"));
    EXPECT_TRUE(root_.has("opt/cni/share/zsh/site-functions/_cnitool"));
    EXPECT_TRUE(root_.has("opt/cni/share/fish/vendor_completions.d/cnitool.fish"));

    root_.write("opt/cni/bin/ptp", "of the reference plugins");
    root_.write("opt/cni/bin/other", "a plugin that mentions cnixx");
    const Finished removed = cmake(uninstall());
    EXPECT_TRUE(removed.ok()) << removed.err;
    EXPECT_THAT(root_.names("opt/cni/bin"), ElementsAre("other", "ptp"));
    EXPECT_FALSE(root_.has("opt/cni/share/cnixx"));
    EXPECT_THAT(root_.names("opt/cni/share/man/man8"), IsEmpty());
    EXPECT_FALSE(root_.has("opt/cni/share/zsh/site-functions/_cnitool"));
    EXPECT_THAT(removed.err, ::testing::HasSubstr(cat("not removed, because it is not of cnixx: ",
                                                      root_.path(), "/opt/cni/bin/ptp")));
    EXPECT_TRUE(cmake(uninstall()).ok()) << "there may be nothing left";
}

}  // namespace
}  // namespace cni::test
