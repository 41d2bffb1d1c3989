// Taps of users who are there, and with a label of SELinux: in the guest of tests/vm.
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "support/tap_program.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

// Of nobody.
constexpr unsigned owner = 54321, group = 54322, other = 54323;

class TapInGuest : public GuestTest, protected UplinkCalls {
protected:
    TapInGuest() : UplinkCalls("tap") {}
    void SetUp() override {
        GuestTest::SetUp();
        if (!IsSkipped()) shell("modprobe tun");
    }
    json layer2_network(const json& keys) const {
        json config = network({{"ipam", nullptr}, {"master", nullptr}});
        config.merge_patch(keys);
        return config;
    }
};

class VmTap : public TapInGuest {
protected:
    /// Whether a program of that user may attach: 0, or the errno.
    static int attach_as(const TestNetns& c, uid_t user, gid_t its_group) {
        shell("chmod 666 /dev/net/tun");
        const pid_t pid = ::fork();
        if (pid == 0) {
            if (::setgroups(0, nullptr) < 0) ::_exit(255);
            // In the namespace while it still may go there.
            c.run([&] {
                if (::setresgid(its_group, its_group, its_group) < 0 ||
                    ::setresuid(user, user, user) < 0)
                    ::_exit(255);
                ::_exit(attach_here());
            });
        }
        int status = 0;
        ::waitpid(pid, &status, 0);
        return WEXITSTATUS(status);
    }

private:
    static int attach_here() {
        try {
            attach_program_here(Queues::one, "eth0");
            return 0;
        } catch (const SysError& error) {
            return error.error;
        }
    }
};

TEST_F(VmTap, OwnerAndGroupMayAttachAndNobodyElse) {
    const TestNetns c("c1");
    const json config = layer2_network({{"owner", owner}, {"group", group}}),
               result = add(c, config);
    const json shown = link(c, "eth0")["linkinfo"]["info_data"];
    EXPECT_EQ(shown["user"], owner);
    EXPECT_EQ(shown["group"], group);
    expect_sound(c, config, result);
    EXPECT_EQ(attach_as(c, owner, group), 0);
    EXPECT_EQ(attach_as(c, owner, other), EPERM);
    EXPECT_EQ(attach_as(c, other, group), EPERM);
    for (const json& keys : std::vector<json>{{{"owner", other}}, {{"group", other}}}) {
        json changed = config;
        changed.merge_patch(keys);
        EXPECT_THAT(check(c, changed, result).error_message(),
                    HasSubstr(cat("instead of ", other)));
    }
    del(c, config);
}

/// To be run with SELinux on; it has no policy then, and lets everybody do everything.
class VmSelinuxTap : public TapInGuest {};

TEST_F(VmSelinuxTap, IsMadeByAProcessWithTheContext) {
    const TestNetns c("c1");
    const json config = layer2_network({{"multiQueue", true},
                                        {"owner", owner},
                                        {"group", group},
                                        {"mac", "02:00:00:00:00:09"},
                                        {"selinuxContext", "system_u:system_r:container_t:s0"}});
    const json result = add(c, config);
    expect_sound(c, config, result);
    const json shown = link(c, "eth0")["linkinfo"]["info_data"];
    EXPECT_EQ(shown["vnet_hdr"], false);
    EXPECT_EQ(shown["multi_queue"], true);
    EXPECT_EQ(shown["user"], owner);
    EXPECT_TRUE(call("STATUS", config).ok());
    // The name is taken.
    const PluginRun run = call("ADD", c, config);
    EXPECT_EQ(run.error_message(), "failed to create tap eth0: File exists");
    del(c, config);
    EXPECT_TRUE(link(c, "eth0").is_null());
    EXPECT_THAT(call("ADD", c,
                     layer2_network({{"mtu", 65535}, {"selinuxContext", "system_u:object_r:x:s0"}}))
                    .error_message(),
                HasSubstr("set MTU of eth0 to 65535"));
    EXPECT_TRUE(link(c, "eth0").is_null());
}

}  // namespace
}  // namespace cni::test
