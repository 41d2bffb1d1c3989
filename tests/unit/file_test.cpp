#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/state_dir.h"
#include "support/process.h"
#include "support/thrown.h"

namespace cni {
namespace {

using test::thrown;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A directory that is gone with the test.
class File : public ::testing::Test {
protected:
    File() : path_("/tmp/file-test-XXXXXX") {
        checked(::mkdtemp(path_.data()) ? 0 : -1, "make ", path_);
    }
    ~File() override { test::output_of({"rm", "-r", path_}); }

    Fd dir() const { return open_state_dir(path_, Holds::files, 0700); }
    std::string in(const char* name) const { return cat(path_, "/", name); }
    void write(const char* name, std::string_view content) const {
        replace_file(dir().get(), name, ".new", content, 0600, name);
    }
    std::vector<std::string> names() const { return list_dir(dir(), path_); }

    std::string path_;
};

TEST_F(File, MissingFilesAreAbsentNotErrors) {
    EXPECT_FALSE(read_file(in("none"), 10));
    EXPECT_FALSE(read_file(in("none/none"), 10));
    EXPECT_FALSE(find_at(dir().get(), "none", O_RDONLY, "none"));
    EXPECT_EQ(thrown([&] { open_at(dir().get(), "none", O_RDONLY, 0, "my file"); }).msg,
              "open my file: No such file or directory");
}

TEST_F(File, ReadsUpToTheLimit) {
    write("f", std::string(20000, 'x'));
    EXPECT_EQ(read_file(in("f"), 20000)->size(), 20000u);
    const Error error = thrown([&] { read_file(in("f"), 19999); });
    EXPECT_EQ(error.code, Code::io_failure);
    EXPECT_EQ(error.msg, cat(in("f"), " is larger than 19999 bytes"));
}

TEST_F(File, ReplacesAtomicallyAndLeavesNothingElse) {
    write("f", "old");
    write("f", "new");
    EXPECT_EQ(read_file(in("f"), 10), "new");
    EXPECT_THAT(names(), ElementsAre("f"));
}

TEST_F(File, FailedReplacementLeavesNoTemporaryFile) {
    ASSERT_EQ(::mkdir(in("f").c_str(), 0700), 0);
    EXPECT_EQ(thrown([&] { write("f", "x"); }).msg, "rename into f: Is a directory");
    EXPECT_THAT(names(), ElementsAre("f"));
}

TEST_F(File, FixedTemporaryOfAKilledWriterIsReplaced) {
    write(".tmp", "half");
    replace_file(dir().get(), "f", ".tmp", "whole", 0600, "f");
    EXPECT_THAT(names(), ElementsAre("f"));
    EXPECT_EQ(read_file(in("f"), 10), "whole");
}

TEST_F(File, NamesAreListedInOrder) {
    for (const char* name : {"b", "a", ".c"}) write(name, "");
    EXPECT_THAT(names(), ElementsAre(".c", "a", "b"));
}

TEST_F(File, EveryDescriptorIsClosedOnExec) {
    const Fd directory = dir();
    const Fd file = open_at(directory.get(), "f", O_CREAT | O_WRONLY, 0600, "f");
    const auto found = find_at(directory.get(), "f", O_RDONLY, "f");
    for (const int fd : {directory.get(), file.get(), found->get()})
        EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST(NonBlocking, FullPipesAreWaitedFor) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    Fd reading(ends[0]), writing(ends[1]);
    const pid_t reader = ::fork();
    if (reader == 0) {
        writing.reset();
        ::usleep(50'000);
        ::_exit(read_all(reading.get(), 2 << 20, "pipe").size() == 1 << 20 ? 0 : 1);
    }
    write_all(writing.get(), std::string(1 << 20, 'x'), "pipe");
    writing.reset();
    int status = -1;
    ::waitpid(reader, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST(NonBlocking, EmptyPipesAreWaitedFor) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    Fd reading(ends[0]), writing(ends[1]);
    const pid_t writer = ::fork();
    if (writer == 0) {
        ::usleep(50'000);
        write_all(writing.get(), "late", "pipe");
        ::_exit(0);
    }
    writing.reset();
    EXPECT_EQ(read_all(reading.get(), 100, "pipe"), "late");
    ::waitpid(writer, nullptr, 0);
}

}  // namespace
}  // namespace cni
