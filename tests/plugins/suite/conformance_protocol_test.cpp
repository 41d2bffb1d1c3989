// What the specification asks of the calls of every plugin: variables, configuration, versions, and
// how an error is told.
#include "base/release.h"
#include "support/conformance.h"

namespace cni::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr const char* commands[] = {"ADD", "CHECK", "DEL", "GC", "STATUS"};
constexpr const char* of_containers[] = {"ADD", "CHECK", "DEL"};

PluginArgs nothing() {
    return {.container_id = {}, .netns = {}, .ifname = {}, .args = {}, .path = {}};
}

TEST_P(Conformance, SaysItsNameAndVersions) {
    const PluginRun usage = run_plugin(plugin(), "", nothing(), "");
    EXPECT_TRUE(usage.ok()) << usage.report();
    EXPECT_EQ(usage.out, "");
    EXPECT_THAT(usage.err, HasSubstr(cat("CNI ", plugin(), " plugin v", reference_release, "\n")));
    const json versions = {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"};
    for (const char* version : {"0.4.0", "1.1.0"}) {
        const PluginRun run =
            run_plugin(plugin(), "VERSION", nothing(), json({{"cniVersion", version}}).dump());
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.json(), json({{"cniVersion", version}, {"supportedVersions", versions}}));
        EXPECT_EQ(run.err, "");
    }
}

TEST_P(Conformance, NamesTheVariablesThatAreMissing) {
    for (const auto& [command, names] : std::vector<std::pair<std::string, std::string>>{
             {"ADD", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH"},
             {"CHECK", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH"},
             {"DEL", "CNI_CONTAINERID,CNI_IFNAME,CNI_PATH"},
             {"GC", "CNI_PATH"},
             {"STATUS", "CNI_PATH"}})
        expect_error(call(command, config(), nothing()), 4,
                     cat("required env variables [", names, "] missing"));
    PluginArgs one = args();
    one.ifname = "";
    for (const char* command : of_containers)
        expect_error(call(command, config(), one), 4, "required env variables [CNI_IFNAME]");
    expect_no_trace();
}

TEST_P(Conformance, RefusesValuesThatNameNothing) {
    for (const char* command : of_containers) {
        for (const char* id : {"../x", "_a", "a b", "a/b", "a\n"}) {
            PluginArgs bad = args();
            bad.container_id = id;
            expect_error(call(command, config(), bad), 4, "invalid characters in containerID");
        }
        for (const char* name : {"1234567890123456", ".", "..", "a/b", "a:b", "a b"}) {
            PluginArgs bad = args();
            bad.ifname = name;
            expect_error(call(command, config(), bad), 4, "interface name ");
        }
    }
    expect_no_trace();
}

TEST_P(Conformance, RefusesANetworkWithoutAName) {
    for (const char* command : commands) {
        for (const json& name : {json(), json("")})
            expect_error(call(command, config("1.1.0", {{"name", name}})), 7,
                         "missing network name");
        expect_error(call(command, config("1.1.0", {{"name", "../x"}})), 7,
                     "invalid characters found in network name");
    }
    expect_no_trace();
}

TEST_P(Conformance, RefusesWhatIsNoConfiguration) {
    for (const char* command : commands)
        for (const char* text : {"", "junk", "[]", "{\"name\": \"net1\"", R"({"name": 5})"}) {
            SCOPED_TRACE(cat(command, " ", text));
            expect_error(run_plugin(plugin(), command, args(), text), 6,
                         "error unmarshall network config: ");
        }
    expect_no_trace();
}

TEST_P(Conformance, RefusesVersionsThatDoNotHaveTheCommand) {
    struct Case {
        const char *command, *version, *message;
    };
    for (const Case& c : {Case{"ADD", "9.9.9", "incompatible CNI versions"},
                          Case{"ADD", "x", "incompatible CNI versions"},
                          Case{"DEL", "0.5.0", "incompatible CNI versions"},
                          Case{"CHECK", "0.3.1", "config version does not allow CHECK"},
                          Case{"CHECK", "1.2.0", "plugin version does not allow CHECK"},
                          Case{"GC", "1.0.0", "config version does not allow GC"},
                          Case{"STATUS", "0.4.0", "config version does not allow STATUS"},
                          Case{"STATUS", "9.9.9", "plugin version does not allow STATUS"}}) {
        SCOPED_TRACE(cat(c.command, " ", c.version));
        json other = config();
        other["cniVersion"] = c.version;
        expect_error(call(c.command, other), 1, c.message);
    }
    expect_no_trace();
}

TEST_P(Conformance, RefusesCommandsThatThereAreNot) {
    for (const char* command : {"FROB", "add", "VERSIONS"})
        expect_error(call(command, config()), 4, cat("unknown CNI_COMMAND: ", command));
    expect_no_trace();
}

TEST_P(Conformance, TellsErrorsAsTheSpecificationHasThem) {
    for (const char* version : {"0.4.0", "1.0.0", "1.1.0"})
        for (const char* command : {"ADD", "DEL"}) {
            PluginArgs bad = args();
            bad.container_id = "../x";
            const PluginRun run = call(command, config(version), bad);
            EXPECT_EQ(run.exit_code(), 1);
            const json error = run.json();
            for (const auto& [key, value] : error.items())
                EXPECT_THAT(key, AnyOf("cniVersion", "code", "msg", "details")) << run.report();
            EXPECT_TRUE(error["cniVersion"].is_string());
            EXPECT_TRUE(error["code"].is_number_unsigned());
            EXPECT_TRUE(error["msg"].is_string());
            EXPECT_TRUE(!error.contains("details") || error["details"].is_string());
            EXPECT_EQ(run.err, "");
        }
}

}  // namespace
}  // namespace cni::test
