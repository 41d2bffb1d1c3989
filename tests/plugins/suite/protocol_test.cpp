// What every plugin does before and around its own work, seen through the smallest of them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/release.h"
#include "support/plugin_run.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* config = R"({"cniVersion": "1.1.0", "name": "net", "type": "loopback"})";

std::string config_of(const std::string& version) {
    return cat(R"({"cniVersion": ")", version, R"(", "name": "net", "type": "loopback"})");
}

PluginRun call(const std::string& command, const PluginArgs& args = {},
               const std::string& input = config) {
    return run_plugin("loopback", command, args, input);
}

PluginArgs nothing() {
    return {.container_id = {}, .netns = {}, .ifname = {}, .args = {}, .path = {}};
}

std::string details(const PluginRun& run) {
    return run.json().value("details", "");
}

void expect_error(const PluginRun& run, int code, const std::string& message) {
    EXPECT_EQ(run.exit_code(), 1) << run.report();
    EXPECT_EQ(run.error_code(), code) << run.report();
    EXPECT_EQ(run.error_message(), message) << run.report();
}

void expect_silent_success(const PluginRun& run) {
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, "");
}

bool is_up(const TestNetns& netns) {
    return netns.output_of({"ip", "-o", "link", "show", "lo"}).find("UP") != std::string::npos;
}

class Protocol : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) container_.emplace("c1");
    }
    PluginArgs args() const { return {.netns = container_->path()}; }
    bool container_is_up() const { return is_up(*container_); }

    // The plugin behind shell redirections ("<&-").
    PluginRun call_redirected(const std::string& command, const std::string& redirections,
                              const std::string& input = config) const {
        Program program = plugin_program("loopback", command, args(), input);
        program.argv = {"/bin/sh", "-c", cat("exec ", program.argv[0], " ", redirections)};
        Process process = Process::start(program);
        return wait_for_plugin(process);
    }

    std::optional<TestNetns> container_;
};

TEST_F(Protocol, WithoutCommandPrintsUsageOnStderr) {
    for (const bool empty : {false, true}) {
        PluginArgs arguments = nothing();
        if (empty) arguments.environment = {"CNI_COMMAND="};
        const PluginRun run = call("", arguments, "not read");
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
        EXPECT_EQ(run.err, cat("CNI loopback plugin v", reference_release,
                               "\nCNI protocol versions supported: "
                               "0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\ncnixx ",
                               release, "\n"));
    }
}

// None of the C++ library's words.
TEST_F(Protocol, WithoutMemoryItSaysWhatItWasDoing) {
    if (is_sanitized()) GTEST_SKIP() << "a sanitizer needs more memory than that";
    Program program =
        plugin_program("loopback", "ADD", args(), config_of(std::string(3'900'000, 'x')));
    program.prepare = [] {
        const rlimit size{6u << 20, 6u << 20};
        ::setrlimit(RLIMIT_AS, &size);
    };
    Process process = Process::start(program);
    const PluginRun run = wait_for_plugin(process);
    expect_error(run, 999, "loopback ADD: Cannot allocate memory");
    EXPECT_EQ(details(run),
              "network \"\", container \"c1\", interface \"eth0\", configuration of 0 bytes");
}

TEST_F(Protocol, EmptyEnvironmentIsEnoughForUsage) {
    const Finished run =
        test::run({.argv = {cat(bin_dir(), "/loopback"), "--help"}, .environment = {}});
    EXPECT_TRUE(run.ok()) << run.err;
    EXPECT_THAT(run.err, StartsWith("CNI loopback plugin v"));
}

TEST_F(Protocol, MissingVariablesAreNamedTogether) {
    const auto missing = [](const std::string& command) {
        const PluginRun run = call(command, nothing());
        EXPECT_EQ(run.error_code(), 4) << run.report();
        return run.error_message();
    };
    EXPECT_EQ(missing("ADD"),
              "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH] missing");
    EXPECT_EQ(missing("CHECK"),
              "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH] missing");
    EXPECT_EQ(missing("DEL"),
              "required env variables [CNI_CONTAINERID,CNI_IFNAME,CNI_PATH] missing");
    EXPECT_EQ(missing("GC"), "required env variables [CNI_PATH] missing");
    EXPECT_EQ(missing("STATUS"), "required env variables [CNI_PATH] missing");
}

TEST_F(Protocol, EmptyVariablesAreMissing) {
    PluginArgs arguments = args();
    arguments.container_id = "";
    arguments.path = "";
    expect_error(call("ADD", arguments), 4,
                 "required env variables [CNI_CONTAINERID,CNI_PATH] missing");
}

TEST_F(Protocol, ABadValueIsReportedBeforeMissingOnes) {
    PluginArgs bad_id = nothing();
    bad_id.container_id = "../x";
    const PluginRun id = call("ADD", bad_id);
    expect_error(id, 4, "invalid characters in containerID");
    EXPECT_EQ(details(id), "../x");

    PluginArgs bad_name = nothing();
    bad_name.ifname = "a/b";
    expect_error(call("DEL", bad_name), 4,
                 "interface name contains / or : or whitespace characters");
}

TEST_F(Protocol, ContainerIdIsAnIdentifier) {
    for (const char* id : {"_a", ".", "a b", "a\n", "a/b", "\u00e4"}) {
        PluginArgs arguments = args();
        arguments.container_id = id;
        for (const char* command : {"ADD", "CHECK", "DEL"})
            expect_error(call(command, arguments), 4, "invalid characters in containerID");
    }
    PluginArgs long_id = args();
    long_id.container_id = std::string(4000, 'x');
    EXPECT_TRUE(call("ADD", long_id).ok());
}

TEST_F(Protocol, InterfaceNameFollowsTheRules) {
    const std::pair<const char*, const char*> cases[] = {
        {"1234567890123456", "interface name is too long"},
        {".", "interface name is . or .."},
        {"..", "interface name is . or .."},
        {"a:b", "interface name contains / or : or whitespace characters"},
        {"a\u3000", "interface name contains / or : or whitespace characters"},
    };
    for (const auto& [name, message] : cases) {
        PluginArgs arguments = args();
        arguments.ifname = name;
        for (const char* command : {"ADD", "CHECK", "DEL"})
            expect_error(call(command, arguments), 4, message);
    }
    EXPECT_FALSE(container_is_up());
}

TEST_F(Protocol, GcAndStatusLookAtNoContainer) {
    PluginArgs arguments = nothing();
    arguments.path = bin_dir();
    arguments.container_id = "../x";
    arguments.ifname = "a/b";
    expect_silent_success(call("GC", arguments));
    expect_silent_success(call("STATUS", arguments));
}

TEST_F(Protocol, EnvironmentIsCheckedBeforeStdin) {
    expect_error(call("GC", nothing(), "junk"), 4, "required env variables [CNI_PATH] missing");
}

TEST_F(Protocol, StdinMustBeAConfiguration) {
    const PluginRun quote = call("ADD", args(), R"({ "cniVersion": "9.2.0, "name": "mynet" })");
    EXPECT_EQ(quote.error_code(), 6);
    EXPECT_THAT(quote.error_message(),
                StartsWith("error unmarshall network config: line 1, column 27: "));
    for (const char* input :
         {"", "[]", "\"x\"", "{\"name\": \"net\"", "{\"name\": \"net\"} x", "{\"name\": 5}"}) {
        const PluginRun run = call("DEL", args(), input);
        EXPECT_EQ(run.error_code(), 6) << input << run.report();
        EXPECT_THAT(run.error_message(), StartsWith("error unmarshall network config: ")) << input;
    }
}

TEST_F(Protocol, NetworkNameIsRequiredByAllButVersion) {
    for (const char* command : {"ADD", "CHECK", "DEL", "GC", "STATUS", "FROB"}) {
        for (const char* input : {"{}", "null", R"({"name": ""})", R"({"name": null})"})
            expect_error(call(command, args(), input), 7, "missing network name");
        const PluginRun run = call(command, args(), R"({"name": "a b"})");
        expect_error(run, 7, "invalid characters found in network name");
        EXPECT_EQ(details(run), "a b");
    }
}

TEST_F(Protocol, UnknownCommandsAreRefusedAfterTheConfiguration) {
    expect_error(call("FROB", nothing()), 4, "unknown CNI_COMMAND: FROB");
    expect_error(call("add", args()), 4, "unknown CNI_COMMAND: add");
    EXPECT_EQ(call("FROB", nothing(), "junk").error_code(), 6);
    EXPECT_FALSE(container_is_up());
}

TEST_F(Protocol, VersionsAreRefusedByCommand) {
    struct Case {
        const char *command, *version;
        int code;
        const char* message;
    };
    const Case cases[] = {
        {"ADD", "9.9.9", 1, "incompatible CNI versions"},
        {"ADD", "1.1", 1, "incompatible CNI versions"},
        {"ADD", "x.y", 1, "incompatible CNI versions"},
        {"DEL", "0.5.0", 1, "incompatible CNI versions"},
        {"CHECK", "", 1, "config version does not allow CHECK"},
        {"CHECK", "0.3.1", 1, "config version does not allow CHECK"},
        {"CHECK", "1.0.5", 1, "incompatible CNI versions"},
        {"CHECK", "1.2.0", 1, "plugin version does not allow CHECK"},
        {"CHECK", "x", 6, "invalid version \"x\""},
        {"GC", "1.0.0", 1, "config version does not allow GC"},
        {"GC", "9.9.9", 1, "plugin version does not allow GC"},
        {"GC", "1.1.0.0", 6, "invalid version \"1.1.0.0\""},
        {"STATUS", "0.4.0", 1, "config version does not allow STATUS"},
        {"STATUS", "1.1.1", 1, "plugin version does not allow STATUS"},
        {"STATUS", "1.1", 1, "incompatible CNI versions"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(cat(c.command, " ", c.version));
        expect_error(call(c.command, args(), config_of(c.version)), c.code, c.message);
    }
    EXPECT_FALSE(container_is_up());
    EXPECT_EQ(details(call("ADD", args(), config_of("9.9.9"))),
              R"(config is "9.9.9", plugin supports )"
              R"(["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0" "1.0.0" "1.1.0"])");
}

TEST_F(Protocol, VersionIsAString) {
    const PluginRun run = call("ADD", args(), R"({"name": "net", "cniVersion": 1})");
    EXPECT_EQ(run.error_code(), 6);
    EXPECT_THAT(run.error_message(), StartsWith("decoding version from network config: "));
}

TEST_F(Protocol, CommandsWithoutHandlerSucceedSilently) {
    expect_silent_success(call("GC", args()));
    expect_silent_success(call("STATUS", args()));
    // As runtimes with nothing attached send it.
    expect_silent_success(call("GC", args(), R"({"cniVersion": "1.1.0", "name": "net",
        "cni.dev/valid-attachments": null, "cni.dev/attachments": null})"));
}

TEST_F(Protocol, VersionAnswersInTheVersionAsked) {
    const auto answer = [](const std::string& version) {
        return cat(R"({"cniVersion":")", version,
                   R"(","supportedVersions":["0.1.0","0.2.0","0.3.0",)",
                   R"("0.3.1","0.4.0","1.0.0","1.1.0"]})", "\n");
    };
    EXPECT_EQ(call("VERSION", nothing(), R"({"cniVersion": "0.4.0"})").out, answer("0.4.0"));
    for (const char* input :
         {"", "junk", "[]", "{}", R"({"cniVersion": 5})", R"({"cniVersion": "x"})"}) {
        const PluginRun run = call("VERSION", nothing(), input);
        EXPECT_TRUE(run.ok());
        EXPECT_EQ(run.out, answer("1.1.0")) << input;
    }
    EXPECT_EQ(call_redirected("VERSION", "</").out, answer("1.1.0"));
    EXPECT_EQ(call_redirected("VERSION", "<&-").out, answer("1.1.0"));
}

TEST_F(Protocol, ErrorObjectIsIndentedAndEndsWithoutNewline) {
    EXPECT_EQ(call("ADD", args(), R"({"name": "a b<", "cniVersion": "0.4.0"})").out,
              "{\n"
              "    \"cniVersion\": \"1.1.0\",\n"
              "    \"code\": 7,\n"
              "    \"msg\": \"invalid characters found in network name\",\n"
              "    \"details\": \"a b\\u003c\"\n"
              "}");
    EXPECT_EQ(call("GC", args(), config_of("0.4.0")).json()["cniVersion"], "0.4.0");
    EXPECT_FALSE(call("FROB", args()).json().contains("details"));
}

TEST_F(Protocol, StdoutHoldsTheDocumentAndStderrNothing) {
    const PluginRun added = call("ADD", args());
    EXPECT_TRUE(added.json().is_object());
    EXPECT_EQ(added.out.back(), '}');
    EXPECT_EQ(added.err, "");
    expect_silent_success(call("CHECK", args()));
    expect_silent_success(call("DEL", args()));
    EXPECT_EQ(call("ADD", nothing()).err, "");
}

TEST_F(Protocol, ArgumentsAreIgnored) {
    Program program = plugin_program("loopback", "ADD", args(), config);
    program.argv.push_back("DEL");
    Process process = Process::start(program);
    EXPECT_TRUE(wait_for_plugin(process).ok());
    EXPECT_TRUE(container_is_up());
}

TEST_F(Protocol, ClosedStdinIsEmptyStdin) {
    const PluginRun run = call_redirected("ADD", "<&-");
    EXPECT_EQ(run.error_code(), 6) << run.report();
    EXPECT_FALSE(container_is_up());
}

TEST_F(Protocol, UnreadableStdinIsAnIoFailure) {
    expect_error(call_redirected("ADD", "</"), 5, "error reading from stdin: Is a directory");
}

TEST_F(Protocol, EndlessStdinIsCutOff) {
    expect_error(call_redirected("ADD", "</dev/zero"), 5, "stdin is larger than 4194304 bytes");
}

// A netlink socket must not become descriptor 1 and get the result.
TEST_F(Protocol, ClosedStdoutAndStderrAreNotReused) {
    EXPECT_TRUE(call_redirected("ADD", ">&-").ok());
    EXPECT_TRUE(container_is_up());
    EXPECT_TRUE(call_redirected("DEL", ">&- 2>&-").ok());
    EXPECT_FALSE(container_is_up());
    EXPECT_EQ(call_redirected("ADD", "<&- >&- 2>&-").exit_code(), 1);
}

TEST_F(Protocol, ResultThatCannotBeWrittenUndoesAdd) {
    const PluginRun run = call_redirected("ADD", ">/dev/full");
    EXPECT_EQ(run.exit_code(), 1);
    EXPECT_THAT(run.err, HasSubstr("write stdout: No space left on device"));
    EXPECT_FALSE(container_is_up());
}

TEST_F(Protocol, ReaderThatIsGoneUndoesAdd) {
    output_of({"mkfifo", "/run/out"});
    const PluginRun run = call_redirected("ADD", "3<>/run/out 4>/run/out 3<&- >&4");
    EXPECT_EQ(run.exit_code(), 1) << run.report();
    EXPECT_THAT(run.err, HasSubstr("write stdout: Broken pipe"));
    EXPECT_FALSE(container_is_up());
}

TEST_F(Protocol, ResultThatTheVersionCannotExpressUndoesAdd) {
    expect_error(call("ADD", args(), R"({"cniVersion": "0.2.0", "name": "net", "prevResult": {}})"),
                 7, "cannot convert: no valid IP addresses");
    EXPECT_FALSE(container_is_up());
}

TEST_F(Protocol, AThousandInheritedDescriptorsDoNotMatter) {
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    std::vector<Fd> inherited;
    for (int i = 0; i < 1000; ++i)
        inherited.emplace_back(checked(::open("/dev/null", O_RDONLY), "open"));
    EXPECT_TRUE(call("ADD", args()).ok());
    EXPECT_TRUE(call("DEL", args()).ok());
}

TEST_F(Protocol, ANamespaceThatMayNotBeEnteredIsAnError) {
    Program program = plugin_program("loopback", "ADD", args(), config);
    program.argv = {"setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin",
                    program.argv[0]};
    Process process = Process::start(program);
    expect_error(wait_for_plugin(process), 999,
                 cat("enter network namespace ", container_->path(),
                     " and come back: Operation not permitted"));
    EXPECT_FALSE(container_is_up());
}

// As an unprivileged user who owns the container's namespace and not the host's.
TEST_F(Protocol, ANamespaceWithoutAWayBackIsNotEntered) {
    output_of({"mkfifo", "/run/ready"});
    Program program = plugin_program("loopback", "ADD", args(), config);
    const std::string script =
        "unshare -n sh -c 'echo >/run/ready; exec sleep 100' </dev/null >/dev/null 2>&1 & "
        "read _ </run/ready; CNI_NETNS=/proc/$!/ns/net \"$0\"; status=$?; kill $!; exit $status";
    program.argv = {"unshare", "-Ur", "sh", "-c", script, program.argv[0]};
    Process process = Process::start(program);
    const PluginRun run = wait_for_plugin(process);
    EXPECT_EQ(run.exit_code(), 1) << run.report();
    EXPECT_THAT(run.error_message(), HasSubstr("/ns/net and come back: Operation not permitted"));
}

TEST_F(Protocol, AddInThePluginsOwnNetnsDoesNothing) {
    output_of({"ip", "link", "set", "lo", "down"});
    const PluginArgs own{.netns = "/proc/self/ns/net"};
    const PluginRun run = call("ADD", own);
    expect_error(run, 8, "plugin's netns and netns from CNI_NETNS should not be the same");
    EXPECT_THAT(output_of({"ip", "-o", "link", "show", "lo"}), HasSubstr("state DOWN"));
}

// /proc/<pid>/ns/net of a container that is gone, whose number a process of the host has now.
TEST_F(Protocol, DelLeavesThePluginsOwnNetnsAloneAndFails) {
    const PluginArgs own{.netns = "/proc/self/ns/net"};
    expect_error(call("DEL", own), 8,
                 "plugin's netns and netns from CNI_NETNS should not be the same");
    EXPECT_THAT(output_of({"ip", "-o", "link", "show", "lo"}), HasSubstr("LOOPBACK,UP"));
}

TEST_F(Protocol, CheckInThePluginsOwnNetnsIsAllowed) {
    expect_silent_success(call("CHECK", {.netns = "/proc/self/ns/net"}));
}

TEST_F(Protocol, OverrideAllowsThePluginsOwnNetns) {
    for (const char* value : {"1", "true", "TRUE"}) {
        const PluginArgs own{.netns = "/proc/self/ns/net",
                             .environment = {cat("CNI_NETNS_OVERRIDE=", value)}};
        EXPECT_TRUE(call("ADD", own).ok()) << value;
        expect_silent_success(call("DEL", own));
    }
    const PluginArgs off{.netns = "/proc/self/ns/net", .environment = {"CNI_NETNS_OVERRIDE=0"}};
    EXPECT_EQ(call("ADD", off).error_code(), 8);
}

}  // namespace
}  // namespace cni::test
