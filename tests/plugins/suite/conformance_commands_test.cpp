// What every plugin does at ADD, CHECK, DEL, GC and STATUS, whatever it is that it does there.
#include <algorithm>
#include <map>
#include <optional>

#include "support/conformance.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

CNIXX_CONFORMANCE(Conformance, is_any);

TEST_P(Conformance, EveryVersionIsSpoken) {
    for (const std::string version :
         {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}) {
        SCOPED_TRACE(version);
        const json result = add(version);
        EXPECT_EQ(result["cniVersion"], version);
        if (version >= "0.4.0")
            expect_silent_success(call("CHECK", recorded(config(version), result)));
        expect_silent_success(call("DEL", config(version)));
        expect_no_trace();
    }
}

TEST_P(Conformance, UnknownKeysAreNotLookedAt) {
    json more = config("1.1.0", {{"whatever", {{"deep", {1, nullptr, "x"}}}},
                                 {"args", {{"labels", {"a"}}}},
                                 {"runtimeConfig", {{"unheard", {{"of", 1}}}}}});
    const PluginRun run = call("ADD", more);
    ASSERT_TRUE(run.ok()) << run.report();
    expect_silent_success(call("CHECK", recorded(more, run.json())));
    expect_silent_success(call("DEL", recorded(more, run.json())));
    expect_no_trace();
}

/// While it exists the end of a pair on the host says nobody's name, as one of the reference plugin
/// does: what limits pairs leaves that of another container alone.
class NamelessEnd {
public:
    explicit NamelessEnd(const nlohmann::json& result) {
        for (const auto& each : result["interfaces"])
            if (!each.contains("sandbox")) take(each["name"]);
    }
    NamelessEnd(const NamelessEnd&) = delete;
    NamelessEnd& operator=(const NamelessEnd&) = delete;
    ~NamelessEnd() {
        for (const auto& [name, alias] : aliases_)
            output_of({"ip", "link", "set", name, "alias", alias});
    }

private:
    void take(const std::string& name) {
        const auto link = nlohmann::json::parse(output_of({"ip", "-j", "link", "show", name}))[0];
        if (!link.contains("ifalias")) return;
        aliases_[name] = link["ifalias"];
        output_of({"ip", "link", "set", name, "alias", ""});
    }
    std::map<std::string, std::string> aliases_;
};

TEST_P(Conformance, TheLongestContainerIdIsOne) {
    PluginArgs longest = args();
    longest.container_id = std::string(250, 'x');
    std::optional<NamelessEnd> nameless;
    if (plugin() == "bandwidth") nameless.emplace(config()["prevResult"]);
    const PluginRun run = call("ADD", config(), longest);
    ASSERT_TRUE(run.ok()) << run.report();
    expect_silent_success(call("CHECK", recorded(config(), run.json()), longest));
    expect_silent_success(call("DEL", recorded(config(), run.json()), longest));
    nameless.reset();
    expect_no_trace();
}

TEST_P(Conformance, DelTwice) {
    const json result = add();
    for (int i = 0; i < 2; ++i) {
        expect_silent_success(call("DEL", recorded(config(), result)));
        expect_no_trace();
    }
}

TEST_P(Conformance, DelBeforeAnyAdd) {
    PluginArgs other = args();
    other.container_id = "never";
    expect_silent_success(call("DEL", config(), other));
    expect_no_trace();
    enter_unused_host();
    const TestNetns fresh("c2");
    const Traces before = host_traces();
    expect_silent_success(call("DEL", config(), BridgeCalls::args(fresh)));
    EXPECT_EQ(difference(before, host_traces()), "");
}

TEST_P(Conformance, DelWithoutPrevResult) {
    add();
    expect_silent_success(call("DEL", config("1.1.0", {{"prevResult", nullptr}})));
    expect_no_trace();
}

TEST_P(Conformance, DelWithPrevResultThatIsNone) {
    for (const char* junk :
         {"{}", "[]", "\"text\"", "5", R"({"cniVersion": "9.9.9"})",
          R"({"cniVersion": "1.1.0", "interfaces": 5})",
          R"({"cniVersion": "1.1.0", "interfaces": [{"name": "../x", "mac": "y"}]})",
          R"({"cniVersion": "1.1.0", "ips": [null]})"}) {
        SCOPED_TRACE(junk);
        add();
        const PluginRun run = call("DEL", recorded(config(), json::parse(junk)));
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.out, "");
        expect_no_trace();
    }
}

TEST_P(Conformance, DelWithKeysThatNoAddWouldTake) {
    const json keys = json::parse(GetParam().keys);
    for (const auto& [key, value] : keys.items()) {
        if (key == "ipam" && !is(Role::ipam)) continue;  // nobody can say whose the address is
        for (const json& junk : {json(5), json("junk"), json({nullptr}), json()}) {
            SCOPED_TRACE(cat(key, ": ", junk.dump()));
            add();
            const PluginRun run = call("DEL", config("1.1.0", {{key, junk}}));
            EXPECT_TRUE(run.ok()) << run.report();
            EXPECT_EQ(run.out, "");
            expect_no_trace();
        }
    }
}

TEST_P(Conformance, DelWithoutANamespace) {
    output_of({"sh", "-ec", "cd /run/netns; touch file; mkdir folder; mkfifo fifo"});
    for (const std::optional<std::string>& path :
         std::vector<std::optional<std::string>>{{},
                                                 "",
                                                 "/run/netns/gone",
                                                 "/run/none/gone",
                                                 "/proc/4194304/ns/net",
                                                 "/run/netns/file",
                                                 "/run/netns/folder",
                                                 "/run/netns/fifo",
                                                 "/dev/zero"}) {
        SCOPED_TRACE(path.value_or("unset"));
        const json result = add();
        PluginArgs without = args();
        without.netns = path;
        expect_silent_success(call("DEL", recorded(config(), result), without));
        expect_no_trace_on_host();
        EXPECT_TRUE(!is_found_from_host() || link(*container_, "eth0").is_null());
        if (GetParam().is_inside) container_->output_of({"ip", "link", "delete", "eth0"});
    }
}

TEST_P(Conformance, DelWithANamespaceThatIsUnmounted) {
    const json result = add();
    container_->unmount();
    expect_silent_success(call("DEL", recorded(config(), result)));
    expect_no_trace_on_host();
    // What was lent is reached by the namespace alone.
    EXPECT_TRUE(!is_found_from_host() || GetParam().lends_parent ||
                link(*container_, "eth0").is_null());
}

TEST_P(Conformance, DelWithANamespaceThatIsGone) {
    const json result = add();
    const PluginArgs of_gone = args();
    container_.reset();
    expect_silent_success(call("DEL", recorded(config(), result), of_gone));
    if (!is(Role::chained)) expect_no_trace_on_host();
}

TEST_P(Conformance, DelWhereTheInterfaceIsGone) {
    const json result = add();
    container_->run([] { run({.argv = {"ip", "link", "delete", "eth0"}}); });
    expect_silent_success(call("DEL", recorded(config(), result)));
    if (!is(Role::chained)) expect_no_trace_on_host();
}

// As in a unit with ProtectKernelTunables=yes.
TEST_P(Conformance, DelWhereParametersCannotBeWritten) {
    const json result = add();
    output_of({"mount", "--bind", "/proc/sys", "/proc/sys"});
    output_of({"mount", "-o", "remount,ro,bind", "/proc/sys"});
    const PluginRun run = call("DEL", recorded(config(), result));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.out, "");
    output_of({"umount", "/proc/sys"});
}

TEST_P(Conformance, GcKeepsWhatIsValidAndRemovesTheRest) {
    for (const std::vector<std::string>& others : {std::vector<std::string>{}, {"other"}}) {
        const json result = add();
        std::vector<std::string> all = others;
        all.push_back(container_->name());
        expect_silent_success(gc(all));
        expect_silent_success(call("CHECK", recorded(config(), result)));
        expect_silent_success(gc(others));
        // What is inside of a container, or of others in its chain, is nothing that GC looks for.
        if (is_found_from_host() || is(Role::ipam)) expect_no_trace();
        if (GetParam().is_inside) expect_no_trace_on_host();
        expect_silent_success(call("DEL", recorded(config(), result)));
    }
}

TEST_P(Conformance, GcLeavesOtherNetworksAlone) {
    const json result = add();
    const Traces before = traces();
    const json none = json::array();
    expect_silent_success(call("GC", config("1.1.0", {{"name", "net2"},
                                                      {"prevResult", nullptr},
                                                      {"cni.dev/valid-attachments", none}})));
    EXPECT_EQ(difference(before, traces()), "");
    expect_silent_success(call("CHECK", recorded(config(), result)));
}

TEST_P(Conformance, GcWithoutAListChangesNothing) {
    add();
    const Traces before = traces();
    expect_silent_success(call("GC", config("1.1.0", {{"prevResult", nullptr}})));
    EXPECT_EQ(difference(before, traces()), "");
}

TEST_P(Conformance, GcOnAHostThatWasNeverUsed) {
    enter_unused_host();
    const Traces before = host_traces();
    expect_silent_success(gc({}));
    EXPECT_EQ(difference(before, host_traces()), "");
}

TEST_P(Conformance, StatusIsFineAndLeavesNoTrace) {
    PluginArgs none = args();
    none.container_id = none.netns = none.ifname = {};
    expect_silent_success(call("STATUS", config("1.1.0", {{"prevResult", nullptr}}), none));
    expect_no_trace();
    enter_fresh_host();
    const Traces before = host_traces();
    expect_silent_success(call("STATUS", config("1.1.0", {{"prevResult", nullptr}}), none));
    EXPECT_EQ(difference(before, host_traces()), "");
}

/// Those that look into the namespace.
class ConformanceInside : public Conformance {};
CNIXX_CONFORMANCE(ConformanceInside, [](const Row& row) { return !row.needs_no_netns; });

TEST_P(ConformanceInside, AddAndCheckWantANamespace) {
    const json result = add();
    for (const char* path : {"/run/netns/gone", "/etc/passwd", "/etc", "/dev/zero"})
        for (const char* command : {"ADD", "CHECK"}) {
            SCOPED_TRACE(cat(command, " ", path));
            PluginArgs bad = args();
            bad.netns = path;
            const PluginRun run = call(command, recorded(config(), result), bad);
            EXPECT_EQ(run.error_code(), 8) << run.report();
            EXPECT_THAT(run.error_message(), HasSubstr(cat("\"", path, "\"")));
        }
    expect_silent_success(call("CHECK", recorded(config(), result)));
}

/// Those that make an interface.
class ConformanceInterface : public Conformance {};
CNIXX_CONFORMANCE(ConformanceInterface, [](const Row& row) { return row.role == Role::interface; });

TEST_P(ConformanceInterface, AddNamesWhatItMade) {
    const json result = add();
    const json made = link(*container_, "eth0");
    ASSERT_FALSE(made.is_null());
    const auto& interfaces = result["interfaces"];
    const auto it = std::find_if(interfaces.begin(), interfaces.end(),
                                 [](const json& each) { return each.contains("sandbox"); });
    ASSERT_NE(it, interfaces.end()) << result;
    EXPECT_EQ((*it)["name"], "eth0");
    EXPECT_EQ((*it)["mac"], made["address"]);
    EXPECT_EQ((*it)["sandbox"], container_->path());
    for (const json& ip : result["ips"])
        EXPECT_EQ(ip["interface"], it - interfaces.begin()) << result;
}

TEST_P(ConformanceInterface, ASecondAddLeavesTheFirstAlone) {
    const json result = add();
    const Traces before = traces();
    expect_error(call("ADD", config()), 999, "");
    EXPECT_EQ(difference(before, traces()), "");
    expect_silent_success(call("CHECK", recorded(config(), result)));
}

TEST_P(ConformanceInterface, ANameThatIsTakenIsLeftAlone) {
    container_->output_of({"ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer"});
    const Traces before = traces();
    const PluginRun run = call("ADD", config());
    expect_error(run, 999, "");
    EXPECT_THAT(run.error_message(), HasSubstr("eth0"));
    EXPECT_EQ(difference(before, traces()), "");
}

TEST_P(ConformanceInterface, DelWhereTheContainerHasRenamedIt) {
    add();
    container_->output_of({"ip", "link", "set", "eth0", "down"});
    container_->output_of({"ip", "link", "set", "eth0", "name", "hidden"});
    expect_silent_success(call("DEL", config()));
    expect_no_trace();
    EXPECT_TRUE(link(*container_, "hidden").is_null());
}

TEST_P(ConformanceInterface, CheckNoticesThatTheInterfaceIsGone) {
    const json result = add();
    container_->output_of({"ip", "link", "delete", "eth0"});
    expect_error(call("CHECK", recorded(config(), result)), 999, "");
}

/// Those that come behind others.
class ConformanceChained : public Conformance {};
CNIXX_CONFORMANCE(ConformanceChained, [](const Row& row) { return row.role == Role::chained; });

TEST_P(ConformanceChained, AddPassesTheResultOn) {
    for (const char* version : {"0.2.0", "0.4.0", "1.0.0", "1.1.0"}) {
        json expected = config(version)["prevResult"];
        json result = add(version);
        // An empty one is there, or not.
        for (json* each : {&expected, &result}) each->erase("dns");
        // As does the reference plugin, it adds its IFB.
        if (plugin() == "bandwidth" && result.contains("interfaces"))
            result["interfaces"].erase(result["interfaces"].size() - 1);
        EXPECT_EQ(result, expected) << version;
    }
}

TEST_P(ConformanceChained, AddRefusesAPrevResultThatIsNone) {
    for (const json& junk : {json::array(), json("text"), json({{"cniVersion", "0.4.0"}}),
                             json({{"ips", {nullptr}}}), json({{"ips", {json::object()}}})}) {
        SCOPED_TRACE(junk.dump());
        const PluginRun run = call("ADD", recorded(config(), junk));
        EXPECT_EQ(run.error_code(), 7) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr("prevResult"));
    }
    expect_no_trace();
}

/// Those that need the result of others, or at CHECK their own.
class ConformanceRecorded : public Conformance {};
CNIXX_CONFORMANCE(ConformanceRecorded, [](const Row& row) { return !row.needs_no_record; });

TEST_P(ConformanceRecorded, CheckWantsAPrevResult) {
    const json result = add();
    const json none = config("1.1.0", {{"prevResult", nullptr}});
    expect_error(call("CHECK", none), 7, "");
    if (is(Role::chained)) expect_error(call("ADD", none), 7, "");
    expect_silent_success(call("CHECK", recorded(config(), result)));
}

}  // namespace
}  // namespace cni::test
