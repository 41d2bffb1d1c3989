// Directories of state: who may write to them, and where links to them may lie.
#include "base/state_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "support/recording.h"
#include "support/thrown.h"

namespace cni {
namespace {

using test::thrown;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StateDir : public ::testing::Test {
protected:
    std::string in(const std::string& name) const { return cat(dir_.path(), "/", name); }
    void make(const std::string& name, mode_t mode = 0755) const {
        ASSERT_EQ(::mkdir(in(name).c_str(), 0755), 0) << name;
        ASSERT_EQ(::chmod(in(name).c_str(), mode), 0) << name;
    }
    void link(const std::string& target, const std::string& name) const {
        ASSERT_EQ(::symlink(target.c_str(), in(name).c_str()), 0) << name;
    }
    static bool is_dir(const std::string& path) {
        struct stat status {};
        return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    }
    Fd open(const std::string& name, Holds holds = Holds::files) const {
        return open_state_dir(in(name), holds, 0755);
    }
    std::string refusal(const std::string& name, Holds holds = Holds::files) const {
        const Error error = thrown([&] { open(name, holds); });
        EXPECT_EQ(thrown([&] { find_state_dir(in(name), holds); }).msg, error.msg);
        return error.msg;
    }

    test::TempDir dir_;
};

TEST_F(StateDir, IsMadeWithItsParents) {
    EXPECT_FALSE(find_state_dir(in("a/b/c"), Holds::files));
    EXPECT_FALSE(is_dir(in("a")));
    EXPECT_TRUE(open("a/b/c/"));
    EXPECT_TRUE(is_dir(in("a/b/c")));
    EXPECT_TRUE(open("a/b/c"));
    EXPECT_TRUE(find_state_dir(in("a//b/./c"), Holds::files));
    dir_.write("f", "");
    EXPECT_EQ(thrown([&] { open("f/x"); }).msg,
              cat("make directory ", in("f/x"), ": Not a directory"));
    EXPECT_FALSE(find_state_dir(in("f/x"), Holds::files));
}

TEST_F(StateDir, ThatOthersMayWriteToIsRefused) {
    make("all", 0777);
    EXPECT_EQ(refusal("all"), cat("directory ", in("all"), " may be written to by others"));
    EXPECT_EQ(refusal("all", Holds::directories), refusal("all"));
    EXPECT_THAT(thrown([&] { open("all"); }).details, HasSubstr("its mode is 777"));
    make("own", 0755);
    EXPECT_TRUE(open("own"));
    const Fd parent = open("own");
    make("own/all", 0777);
    EXPECT_EQ(thrown([&] { find_state_dir_in(parent, "all", "p"); }).msg,
              "directory p may be written to by others");
    EXPECT_EQ(thrown([&] { open_state_dir_in(parent, "all", "p", 0755); }).msg,
              "directory p may be written to by others");
}

TEST_F(StateDir, TheGroupThatMayWriteMustBeRoots) {
    make("group", 0775);
    if (::getegid() == 0)
        EXPECT_TRUE(open("group"));
    else
        EXPECT_THAT(refusal("group"), HasSubstr("may be written to by others"));
}

TEST_F(StateDir, ForAllHoldsNothingButDirectories) {
    make("tmp", 01777);
    EXPECT_TRUE(open("tmp", Holds::directories));
    EXPECT_THAT(refusal("tmp"), HasSubstr("may be written to by others"));
}

TEST_F(StateDir, OfAnotherUserIsRefused) {
    if (::geteuid() != 0) return;  // nobody else can give a directory away
    make("theirs");
    ASSERT_EQ(::chown(in("theirs").c_str(), 12345, 0), 0);
    EXPECT_EQ(refusal("theirs"), cat("directory ", in("theirs"), " belongs to another user"));
    EXPECT_TRUE(open("theirs", Holds::directories));
}

TEST_F(StateDir, LinksOnTheWayAreFollowedWhereOthersCannotPlantThem) {
    make("real");
    link("real", "link");
    link(in("link"), "link2");
    EXPECT_TRUE(open("link"));
    EXPECT_TRUE(open("link2/below"));
    EXPECT_TRUE(is_dir(in("real/below")));
    EXPECT_TRUE(find_state_dir(in("link2/../real/below"), Holds::files));

    make("tmp", 01777);
    for (const char* target : {"../real", "../missing", "/"}) {
        link(target, "tmp/link");
        EXPECT_EQ(refusal("tmp/link/a"), cat("symbolic link ", in("tmp/link"), " is not followed"));
        EXPECT_EQ(refusal("tmp/link"), cat("symbolic link ", in("tmp/link"), " is not followed"));
        ::unlink(in("tmp/link").c_str());
    }
    EXPECT_FALSE(is_dir(in("real/a")));
    EXPECT_FALSE(is_dir(in("missing")));
}

TEST_F(StateDir, ALoopOfLinksEnds) {
    link("b", "a");
    link("a", "b");
    EXPECT_THAT(refusal("a"), HasSubstr("Too many levels of symbolic links"));
}

TEST_F(StateDir, EntriesThatAreLinksAreRefused) {
    make("own");
    make("victim");
    const Fd parent = open("own");
    link("../victim", "own/link");
    EXPECT_EQ(thrown([&] { find_state_dir_in(parent, "link", "p"); }).msg, "p is no directory");
    EXPECT_EQ(thrown([&] { open_state_dir_in(parent, "link", "p", 0755); }).msg,
              "p is no directory");
    EXPECT_FALSE(find_state_dir_in(parent, "none", "p"));
    EXPECT_TRUE(open_state_dir_in(parent, "new", "p", 0700));
    EXPECT_TRUE(is_dir(in("own/new")));
}

}  // namespace
}  // namespace cni
