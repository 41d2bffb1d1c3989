// Plugins run by plugins, played by shell scripts.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "plugins/suite/delegation_fixture.h"

namespace cni::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

class FindPlugin : public Delegation {
protected:
    static Error error(std::string_view type, std::string_view path) {
        return thrown([&] { find_plugin(type, path); });
    }
};

TEST_F(FindPlugin, RefusesNamesThatAreNoFileNames) {
    EXPECT_EQ(error("", "/run/a").msg, "no plugin name provided");
    for (const char* type : {"../a/fake", "/bin/sh", "a/", "/"}) {
        const Error refused = error(type, "/run/a");
        EXPECT_EQ(refused.msg, cat("invalid plugin name: ", type));
        EXPECT_EQ(refused.code, Code::invalid_config);
    }
    EXPECT_EQ(error(std::string_view("sh\0x", 4), "/bin").code, Code::invalid_config);
    EXPECT_EQ(error("..", "/run/a").msg, "failed to find plugin \"..\" in path [/run/a]");
    EXPECT_EQ(error("fake", "").msg, "no paths provided");
}

TEST_F(FindPlugin, TakesTheFirstDirectoryThatHasIt) {
    write_script("/run/b/fake", "");
    EXPECT_EQ(find_plugin("fake", "/run/a:/run/b"), "/run/b/fake");
    write_script("/run/a/fake", "");
    EXPECT_EQ(find_plugin("fake", "/run/a:/run/b"), "/run/a/fake");
    EXPECT_EQ(find_plugin("fake", "/run/none:/run/b:/run/a"), "/run/b/fake");
}

TEST_F(FindPlugin, SkipsWhatIsNoRegularFile) {
    write_script("/run/b/fake", "");
    output_of({"mkdir", "/run/a/fake"});
    EXPECT_EQ(find_plugin("fake", "/run/a:/run/b"), "/run/b/fake");
    output_of({"rmdir", "/run/a/fake"});
    output_of({"ln", "-s", "/run/none", "/run/a/fake"});
    EXPECT_EQ(find_plugin("fake", "/run/a:/run/b"), "/run/b/fake");
    output_of({"rm", "/run/a/fake"});
    output_of({"mkfifo", "-m", "0755", "/run/a/fake"});
    EXPECT_EQ(find_plugin("fake", "/run/a:/run/b"), "/run/b/fake");
}

TEST_F(FindPlugin, FollowsSymbolicLinks) {
    output_of({"ln", "-s", "/bin/true", "/run/a/fake"});
    EXPECT_EQ(find_plugin("fake", "/run/a"), "/run/a/fake");
}

TEST_F(FindPlugin, SkipsAndNamesFilesThatMayNotBeExecuted) {
    write_script("/run/a/fake", "", "0644");
    EXPECT_EQ(error("fake", "/run/a").details, "execute /run/a/fake: Permission denied");
    write_script("/run/b/fake", "");
    EXPECT_EQ(find_plugin("fake", "/run/a:/run/b"), "/run/b/fake");
}

TEST_F(FindPlugin, SaysWhereItLooked) {
    const Error missing = error("fake", "/run/a:/run/b");
    EXPECT_EQ(missing.msg, "failed to find plugin \"fake\" in path [/run/a /run/b]");
    EXPECT_EQ(missing.code, Code::internal);
}

TEST_F(FindPlugin, AnEmptyElementIsTheWorkingDirectory) {
    write_script("/run/a/fake", "echo ran");
    ASSERT_EQ(::chdir("/run/a"), 0);
    for (const char* path : {":/run/b", "../a"})
        EXPECT_EQ(PluginCall({find_plugin("fake", path), {}, "fake", ipam_time}).finish(), "ran\n");
}

TEST_F(Delegation, ChildGetsStdinVerbatimAndTheEnvironmentWithTheVerb) {
    fake(cat("cat >/run/stdin; env >/run/env; echo $# >/run/argc; echo '", one_address, "'"));
    ::setenv("CNI_CONTAINERID", "c1", 1);
    ::setenv("HOME_MADE", "x y", 1);
    add();
    EXPECT_EQ(content_of("/run/stdin"), config);
    EXPECT_EQ(content_of("/run/argc"), "0\n");
    EXPECT_THAT(content_of("/run/env"),
                AllOf(HasSubstr("CNI_COMMAND=ADD\n"), HasSubstr("CNI_CONTAINERID=c1\n"),
                      HasSubstr("HOME_MADE=x y\n"), Not(HasSubstr("CNI_COMMAND=CHECK"))));
}

TEST_F(Delegation, EachVerbIsPassedOnAndItsOutputIgnored) {
    fake("echo $CNI_COMMAND >>/run/verbs; echo junk");
    const Request r = request();
    Ipam ipam(r);
    ipam.del();
    ipam.check();
    ipam.gc();
    ipam.status();
    EXPECT_EQ(content_of("/run/verbs"), "DEL\nCHECK\nGC\nSTATUS\n");
}

TEST_F(Delegation, ThePluginIsSoughtAtEachCall) {
    fake("");
    const Request r = request();
    Ipam ipam(r);
    ipam.del();
    output_of({"rm", "/run/a/fake"});
    EXPECT_THAT(thrown([&] { ipam.del(); }).msg, StartsWith("failed to find plugin \"fake\""));
}

TEST_F(Delegation, WithoutIpamTypeNothingIsConfigured) {
    const Request with = request(), without = request(R"({"name": "net", "ipam": {}})");
    EXPECT_TRUE(Ipam(with).configured());
    EXPECT_FALSE(Ipam(without).configured());
}

TEST_F(Delegation, ErrorObjectsAreRelayedUnchanged) {
    fake(
        "echo '{\"cniVersion\": \"1.1.0\", \"code\": 50, \"msg\": \"no\", \"details\": \"pool\", "
        "\"x\": 1}'; "
        "exit 1");
    const Error error = add_error();
    EXPECT_EQ(static_cast<int>(error.code), 50);
    EXPECT_EQ(error.msg, "no");
    EXPECT_EQ(error.details, "pool");
    fake("echo '{\"code\": 123, \"msg\": \"own\"}'; exit 3");
    EXPECT_EQ(static_cast<int>(add_error().code), 123);
}

TEST_F(Delegation, ErrorsWithoutCodeAreInternal) {
    for (const char* object : {R"({"msg": "m"})", R"({"code": 0, "msg": "m"})"}) {
        fake(cat("echo '", object, "'; exit 1"));
        EXPECT_EQ(add_error().code, Code::internal);
        EXPECT_EQ(add_error().msg, "m");
    }
}

TEST_F(Delegation, ErrorsWithoutMessageSayHowThePluginEnded) {
    fake("echo '{}'; exit 3");
    EXPECT_EQ(add_error().msg, "netplugin failed with no error message: exit status 3");
}

TEST_F(Delegation, SilentFailuresSayHowThePluginEnded) {
    fake("exit 3");
    EXPECT_EQ(add_error().msg, "netplugin failed with no error message: exit status 3");
    EXPECT_EQ(add_error().details, "plugin \"fake\" ended with exit status 3");
    EXPECT_EQ(add_error().code, Code::internal);
    fake("kill -KILL $$");
    EXPECT_EQ(add_error().msg, "netplugin failed with no error message: signal: Killed");
}

TEST_F(Delegation, StderrIsTheMessageOfAPluginThatPrintsNothingElse) {
    fake("echo 'it \"broke\"' >&2; exit 1");
    CaptureStderr();
    const Error error = add_error();
    EXPECT_EQ(GetCapturedStderr(), "it \"broke\"\n");
    EXPECT_EQ(error.msg, R"(netplugin failed: "it \"broke\"": exit status 1)");
}

TEST_F(Delegation, JunkOfAFailedPluginIsShownShortened) {
    fake("echo oops; echo why >&2; exit 1");
    CaptureStderr();
    const Error error = add_error();
    GetCapturedStderr();
    EXPECT_THAT(error.msg, StartsWith("netplugin failed but error parsing its diagnostic message "
                                      "\"oops\": not an error object: line 1, column "));
    EXPECT_EQ(error.details, "plugin \"fake\" ended with exit status 1; stderr: why");
    EXPECT_EQ(error.code, Code::internal);

    fake("yes | head -c 3000000; yes | head -c 3000000 >&2; exit 1");
    CaptureStderr();
    const Error huge = add_error();
    GetCapturedStderr();
    EXPECT_LT(huge.msg.size() + huge.details.size(), 5000u);
    fake("echo '[1]'; exit 1");
    EXPECT_THAT(add_error().msg, HasSubstr("error parsing its diagnostic message \"[1]\""));
}

TEST_F(Delegation, StderrIsPassedOnAfterSuccessToo) {
    fake(cat("echo careful >&2; echo '", one_address, "'"));
    CaptureStderr();
    add();
    EXPECT_EQ(GetCapturedStderr(), "careful\n");
}

TEST_F(Delegation, WhatCannotBeExecutedIsNamed) {
    output_of({"sh", "-c", "echo junk >/run/a/fake; chmod 755 /run/a/fake"});
    EXPECT_EQ(add_error().msg, "execute /run/a/fake: Exec format error");
    output_of({"sh", "-c", "echo '#!/run/none' >/run/a/fake"});
    EXPECT_EQ(add_error().msg, "execute /run/a/fake: No such file or directory");
}

TEST_F(Delegation, ResultsOfAnyFamilyAreTaken) {
    const std::pair<const char*, const char*> results[] = {
        {"0.2.0", R"({"cniVersion": "0.2.0", "ip4": {"ip": "10.1.2.3/24"}})"},
        {"0.4.0",
         R"({"cniVersion": "0.4.0", "ips": [{"version": "4", "address": "10.1.2.3/24"}]})"},
        {"1.1.0", R"({"cniVersion": "1.1.0", "ips": [{"address": "10.1.2.3/24"}]})"},
        {"none", one_address},
        {"empty", R"({"cniVersion": "", "ips": [{"address": "10.1.2.3/24"}]})"},
    };
    for (const auto& [version, text] : results) {
        fake_printing(text);
        EXPECT_EQ(add().ips.at(0).address, Prefix::parse("10.1.2.3/24")) << version;
    }
}

TEST_F(Delegation, ResultsWithoutVersionAreOfTheConfigurations) {
    fake_printing(R"({"ip4": {"ip": "10.1.2.3/24"}})");
    EXPECT_EQ(add(request(R"({"name": "net", "ipam": {"type": "fake"}})")).ips.size(), 1u);
    EXPECT_EQ(add_error().msg, "IPAM plugin returned missing IP config");
}

TEST_F(Delegation, UnusableResultsAreErrorsOfThePluginNotOfTheConfiguration) {
    const std::pair<const char*, const char*> cases[] = {
        {"{}", "IPAM plugin returned missing IP config"},
        {"null", "IPAM plugin returned missing IP config"},
        {R"({"ips": []})", "IPAM plugin returned missing IP config"},
        {R"({"cniVersion": "9.9.9"})", "unsupported CNI result version \"9.9.9\""},
        {R"({"ips": [null]})", "\"ips[0]\" must be an object, not null"},
        {R"({"ips": [{"address": "x"}]})", "invalid CIDR address: x"},
        {"junk", "failed to unmarshal raw result: line 1, column 1"},
        {"", "failed to unmarshal raw result: line 2, column 1"},
    };
    for (const auto& [text, message] : cases) {
        fake_printing(text);
        const Error error = add_error();
        EXPECT_THAT(error.msg, StartsWith(message)) << text;
        EXPECT_EQ(error.code, Code::internal) << text;
        EXPECT_THAT(error.details, HasSubstr("IPAM plugin \"fake\"")) << text;
    }
}

TEST_F(Delegation, LargeInputAndOutputCannotBlock) {
    fake(
        cat("echo '{\"ips\": [{\"address\": \"10.1.2.3/24\"}], \"pad\": \"'; yes x | tr -d '\\n' | "
            "head -c 2000000; "
            "echo '\"}'"));
    const std::string pad(2000000, ' ');
    const Error newline = thrown([&] { add(request(cat(config, pad))); });
    EXPECT_THAT(newline.msg, HasSubstr("invalid string"));  // a line end inside the string
    fake(cat("printf '{\"pad\": \"'; yes x | tr -d '\\n' | head -c 2000000; ",
             "echo '\", \"ips\": [{\"address\": \"10.1.2.3/24\"}]}'"));
    EXPECT_EQ(add(request(cat(config, pad))).ips.size(), 1u);
}

TEST_F(Delegation, EndlessOutputIsAnError) {
    fake("head -c 17000000 /dev/zero");
    EXPECT_EQ(add_error().msg, "the output of /run/a/fake is larger than 16777216 bytes");
    EXPECT_EQ(add_error().code, Code::io_failure);
}

TEST_F(Delegation, DescriptorsAreNotInherited) {
    fake(cat("ls -l /proc/$$/fd >/run/fds; echo '", one_address, "'"));
    output_of({"touch", "/run/secret"});
    std::vector<Fd> leaked;
    for (int i = 0; i < 100; ++i)
        leaked.emplace_back(checked(::open("/run/secret", O_RDONLY), "open /run/secret"));
    add();
    EXPECT_THAT(content_of("/run/fds"), AllOf(HasSubstr("pipe:"), Not(HasSubstr("secret"))));
}

TEST_F(Delegation, ChildHasDefaultSignals) {
    sigset_t all;
    ::sigfillset(&all);
    ASSERT_EQ(::sigprocmask(SIG_BLOCK, &all, nullptr), 0);
    ASSERT_NE(::signal(SIGPIPE, SIG_IGN), SIG_ERR);
    fake("kill -TERM $$; echo survived");
    EXPECT_THAT(add_error().msg, HasSubstr("signal: Terminated"));
    fake("kill -PIPE $$; echo survived");
    EXPECT_THAT(add_error().msg, HasSubstr("signal: Broken pipe"));
    ::sigprocmask(SIG_UNBLOCK, &all, nullptr);
}

// Whoever ignores it hands that on to what it executes; the kernel then keeps no exit status.
TEST_F(Delegation, AChildIsWaitedForWhereItsEndIsIgnored) {
    fake_printing(one_address);
    ASSERT_NE(::signal(SIGCHLD, SIG_IGN), SIG_ERR);
    const auto added = attempt_add();
    ASSERT_NE(::signal(SIGCHLD, SIG_DFL), SIG_ERR);
    EXPECT_EQ(added, "");
}

TEST_F(Delegation, ScriptsBeingInstalledAreWaitedFor) {
    fake_printing(one_address);
    Fd writer(checked(::open("/run/a/fake", O_WRONLY | O_APPEND | O_CLOEXEC), "open the script"));
    const pid_t installer = checked(::fork(), "fork");
    if (installer == 0) {  // holds the file open for writing, as an installer does
        ::usleep(300'000);
        ::_exit(0);
    }
    writer.reset();
    EXPECT_EQ(add().ips.size(), 1u);
    ::waitpid(installer, nullptr, 0);
}

TEST_F(Delegation, ScriptsThatStayOpenForWritingAreAnError) {
    fake_printing(one_address);
    const Fd writer(
        checked(::open("/run/a/fake", O_WRONLY | O_APPEND | O_CLOEXEC), "open the script"));
    EXPECT_EQ(add_error().msg, "execute /run/a/fake: Text file busy");
}

constexpr const char* announce_and_sleep = "echo $$ >/run/pid; exec sleep 100";

TEST_F(Delegation, ACallThatIsAbandonedIsKilled) {
    output_of({"mkfifo", "/run/pid"});
    fake(announce_and_sleep);
    const Request r = request();
    pid_t child = 0;
    {
        Ipam ipam(r);
        const Ipam::Allocation allocation = ipam.start_add();
        child = announced_pid();
        EXPECT_EQ(::kill(child, 0), 0);
    }
    EXPECT_EQ(::kill(child, 0), -1);
    EXPECT_EQ(errno, ESRCH);
}

TEST_F(Delegation, AProcessThatIsPreparedDoesNothingUntilItIsWanted) {
    write_script("/run/a/host-local",
                 cat("cat >/run/stdin; echo $CNI_COMMAND >>/run/calls; echo '", one_address, "'"));
    const Request r =
        request(R"({"cniVersion": "1.1.0", "name": "n", "ipam": {"type": "host-local"}})");
    {
        Ipam given_up(r);
        given_up.prepare("ADD");
        ::usleep(100'000);
    }
    EXPECT_EQ(content_of("/run/calls"), "(no such file)");
    Ipam ipam(r);
    ipam.prepare("DEL");
    Ipam::Allocation allocation = ipam.start_add();
    EXPECT_EQ(allocation.finish().ips.size(), 1u);
    allocation.release();
    ipam.prepare("GC");
    ipam.gc();
    EXPECT_EQ(content_of("/run/calls"), "ADD\nDEL\nGC\n");
}

// Who has a result that was printed before its end.
TEST_F(Delegation, AResultIsTakenBeforeTheEndOfThePluginAndCountsWithIt) {
    output_of({"mkfifo", "/run/go"});
    fake(cat("echo '", one_address, "'; exec >&-; read status </run/go; exit $status"));
    const Request r = request();
    for (const char* status : {"0", "4"}) {
        Ipam ipam(r);
        Ipam::Allocation allocation = ipam.start_add();
        EXPECT_EQ(allocation.finish().ips.size(), 1u);
        output_of({"sh", "-c", cat("echo ", status, " >/run/go")});
        if (*status == '0')
            EXPECT_NO_THROW(allocation.confirm());
        else
            EXPECT_THAT(thrown([&] { allocation.confirm(); }).msg, HasSubstr("exit status 4"));
    }
}

TEST_F(Delegation, AChildDiesWithItsParent) {
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    output_of({"mkfifo", "/run/pid"});
    fake(announce_and_sleep);
    const Request r = request();
    const pid_t parent = checked(::fork(), "fork");
    if (parent == 0) {
        Ipam ipam(r);
        const Ipam::Allocation allocation = ipam.start_add();
        for (;;) ::pause();
    }
    const pid_t child = announced_pid();
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

}  // namespace
}  // namespace cni::test
