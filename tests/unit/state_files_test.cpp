// What one call leaves for a later one.
#include "base/state_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "support/recording.h"
#include "support/thrown.h"

namespace cni {
namespace {

using ::testing::ElementsAre;

class StateFilesTest : public ::testing::Test {
protected:
    std::string folder() const { return cat(dir_.path(), "/of/state"); }
    test::TempDir dir_;
};

TEST_F(StateFilesTest, AreWrittenReadAndRemoved) {
    EXPECT_FALSE(StateFiles::find(folder()));
    const StateFiles files = StateFiles::make(folder());
    EXPECT_FALSE(files.read("a"));
    files.write("a", ".a", "one");
    files.write("a", ".a", "two");
    files.write("b", ".b", "");
    EXPECT_EQ(files.read("a"), "two");
    EXPECT_EQ(files.read("b"), "");
    EXPECT_THAT(files.names(), ElementsAre("a", "b"));
    EXPECT_THAT(files.names(), ElementsAre("a", "b"));
    struct stat status {};
    ASSERT_EQ(::stat(files.path_of("a").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    files.remove("a");
    files.remove("a");
    EXPECT_THAT(files.names(), ElementsAre("b"));
}

TEST_F(StateFilesTest, NoLinkIsFollowed) {
    const StateFiles files = StateFiles::make(folder());
    dir_.write("elsewhere", "text");
    ASSERT_EQ(::symlink(cat(dir_.path(), "/elsewhere").c_str(), files.path_of("a").c_str()), 0);
    EXPECT_EQ(test::thrown([&] { files.read("a"); }).msg,
              cat(files.path_of("a"), " is a symbolic link"));
}

// Somebody who has it open for writing could let a reader wait for ever.
TEST_F(StateFilesTest, OnlyRegularFilesAreRead) {
    const StateFiles files = StateFiles::make(folder());
    ASSERT_EQ(::mkfifo(files.path_of("fifo").c_str(), 0600), 0);
    ASSERT_EQ(::mkdir(files.path_of("folder").c_str(), 0700), 0);
    const Fd writer = open_at(AT_FDCWD, files.path_of("fifo").c_str(), O_RDWR, 0, "fifo");
    for (const char* name : {"fifo", "folder"})
        EXPECT_EQ(test::thrown([&] { files.read(name); }).msg,
                  cat(files.path_of(name), " is no regular file"));
}

}  // namespace
}  // namespace cni
