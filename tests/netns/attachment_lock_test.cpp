// The lock that ADD and DEL of an attachment take turns by.
#include "cni/attachment_lock.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <new>

#include "support/process.h"
#include "support/sandbox.h"
#include "support/thrown.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
constexpr std::chrono::milliseconds no_time{1};

constexpr const char* file = "/run/cnixx.lock";

class AttachmentLockTest : public SandboxTest {
protected:
    static Request request(const std::string& network = "net1", const std::string& container = "c1",
                           const std::string& ifname = "eth0") {
        Request out{.args = {}, .conf = {}};
        out.args.container_id = container;
        out.args.ifname = ifname;
        out.conf.name = network;
        return out;
    }
    static bool is_busy(std::string_view plugin, const Request& of) {
        try {
            const AttachmentLock lock(plugin, of, no_time);
            EXPECT_EQ(lock.obstacle(), "");
            return false;
        } catch (const Error& error) {
            EXPECT_EQ(error.code, Code::try_again_later) << error.what();
            return true;
        }
    }
};

TEST_F(AttachmentLockTest, IsHeldByOneAtATime) {
    {
        const AttachmentLock lock("bridge", request());
        EXPECT_EQ(lock.obstacle(), "");
        EXPECT_TRUE(is_busy("bridge", request()));
    }
    EXPECT_FALSE(is_busy("bridge", request()));
}

TEST_F(AttachmentLockTest, IsOfOnePluginAndOneAttachment) {
    const AttachmentLock lock("bridge", request());
    EXPECT_FALSE(is_busy("portmap", request()));
    EXPECT_FALSE(is_busy("bridge", request("net2")));
    EXPECT_FALSE(is_busy("bridge", request("net1", "c2")));
    EXPECT_FALSE(is_busy("bridge", request("net1", "c1", "eth1")));
    EXPECT_TRUE(is_busy("bridge", request()));
}

TEST_F(AttachmentLockTest, LeavesAnEmptyFileThatNobodyElseMayOpen) {
    { const AttachmentLock lock("bridge", request()); }
    struct stat status {};
    ASSERT_EQ(::stat(file, &status), 0);
    EXPECT_EQ(status.st_size, 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(AttachmentLockTest, SaysWhoIsWaitedForInVain) {
    const AttachmentLock lock("bridge", request());
    const Error error = thrown([&] { AttachmentLock("bridge", request(), no_time); });
    EXPECT_THAT(error.msg, HasSubstr("c1"));
    EXPECT_THAT(error.msg, HasSubstr("eth0"));
    EXPECT_THAT(error.details, HasSubstr(file));
}

TEST_F(AttachmentLockTest, IsGivenUpForAllWhoInheritedIt) {
    std::optional<AttachmentLock> lock(std::in_place, "bridge", request());
    const Fd inherited(::fcntl(lock->fd(), F_DUPFD_CLOEXEC, 3));
    lock.reset();
    EXPECT_FALSE(is_busy("bridge", request()));
}

TEST_F(AttachmentLockTest, IsHeldByWhoInheritedItWhenItsMakerDied) {
    alignas(AttachmentLock) std::byte memory[sizeof(AttachmentLock)];
    const auto* killed = new (memory) AttachmentLock("bridge", request());  // never destroyed
    const Fd inherited(::fcntl(killed->fd(), F_DUPFD_CLOEXEC, 3));
    ::close(killed->fd());
    EXPECT_TRUE(is_busy("bridge", request()));
}

TEST_F(AttachmentLockTest, GoesOnWithoutAFileItMayTrust) {
    const auto obstacle = [&] { return AttachmentLock("bridge", request()).obstacle(); };
    ASSERT_EQ(::mkdir(file, 0700), 0);
    EXPECT_THAT(obstacle(), HasSubstr(file));
    output_of({"sh", "-c", cat("rmdir ", file, "; ln -s /run/elsewhere ", file)});
    EXPECT_THAT(obstacle(), HasSubstr(file));
    output_of({"sh", "-c", cat("rm ", file, "; mkfifo -m 600 ", file)});
    EXPECT_THAT(obstacle(), HasSubstr(file));
    output_of({"sh", "-c", cat("rm ", file, "; touch ", file, "; chmod 644 ", file)});
    EXPECT_THAT(obstacle(), HasSubstr(file));
    output_of({"rm", file});
    ASSERT_EQ(::mount("none", "/run", nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
    EXPECT_THAT(obstacle(), HasSubstr("Read-only file system"));
}

}  // namespace
}  // namespace cni::test
