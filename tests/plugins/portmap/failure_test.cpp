// What is left when the kernel refuses: everything or nothing.
#include <gmock/gmock.h>

#include "base/file.h"
#include "base/text.h"
#include "support/fault.h"
#include "support/portmap_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class PortmapRefused : public PortmapTest {
protected:
    struct Traced {
        PluginRun run;
        std::vector<std::string> calls;  ///< a line for each
    };

    json config_of_c1() const {
        return config(some_result(), {mapping(8080, 80), mapping(8081, 81, "udp")});
    }
    static PluginArgs c1() {
        // The leak checker cannot work in a traced process.
        return {.container_id = "c1",
                .netns = "/run/netns/x",
                .environment = {"ASAN_OPTIONS=detect_leaks=0"}};
    }
    /// Under strace, tampering with the system calls as `injection` says.
    Traced traced(const std::string& command, const std::string& call,
                  const std::string& injection = "") const {
        Program program = plugin_program("portmap", command, c1(), config_of_c1().dump());
        std::vector<std::string> argv = {"strace",     "-qq", "-o",
                                         "/run/trace", "-e",  cat("trace=", call)};
        if (!injection.empty())
            argv.insert(argv.end(), {"-e", cat("inject=", call, ":", injection)});
        program.argv.insert(program.argv.begin(), argv.begin(), argv.end());
        Process process = Process::start(program);
        Traced out{wait_for_plugin(process), {}};
        const std::string trace = read_file("/run/trace", 64 << 20).value();
        for (const auto line : split(trace, '\n'))
            if (line.starts_with(call)) out.calls.emplace_back(line);
        return out;
    }
    void succeed(const std::string& command) const {
        const PluginRun run = call(command, c1(), config_of_c1());
        EXPECT_TRUE(run.ok()) << command << ": " << run.report();
    }
};

class PortmapFailure : public PortmapRefused, public ::testing::WithParamInterface<Way> {
protected:
    void SetUp() override {
        PortmapRefused::SetUp();
        if (!IsSkipped()) use(GetParam());
    }
};

INSTANTIATE_TEST_SUITE_P(All, PortmapFailure, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(PortmapFailure, OfAnyCallLeavesNothingOfAnAdd) {
    succeed("ADD");
    succeed("DEL");
    const Snapshot before = take_snapshot();
    const FaultSample sample(5);
    for (const std::string call : {"socket", "bind", "sendmsg", "recvmsg", "setsockopt", "flock"})
        for (int number = sample.first; !HasFailure(); number += sample.step) {
            const Traced add = traced("ADD", call, cat("error=ENOMEM:when=", number));
            const std::string what = cat(call, " number ", number, ": ", add.run.report());
            if (add.run.ok()) {
                succeed("CHECK");
                succeed("DEL");
            } else {
                EXPECT_FALSE(add.run.error_message().empty()) << what;
            }
            const Snapshot after = take_snapshot();
            EXPECT_EQ(after.nftables, before.nftables) << what;
            EXPECT_EQ(after.iptables, before.iptables) << what;
            if (add.calls.size() < static_cast<std::size_t>(number)) break;
        }
}

// libiptc puts the new table and then the counters, for which the kernel has another answer when
// somebody without the lock changes the table in between.
TEST_F(PortmapRefused, CountersOfTheLegacyTablesArePutBackLater) {
    use(Way::iptables_legacy);
    const auto calls = traced("ADD", "setsockopt").calls;
    succeed("DEL");
    for (std::size_t i = 0; i < calls.size(); ++i) {
        if (calls[i].find("SET_ADD_COUNTERS") == std::string::npos) continue;
        const Traced add = traced("ADD", "setsockopt", cat("error=EINVAL:when=", i + 1));
        ASSERT_THAT(add.calls[i], HasSubstr("INJECTED"));
        EXPECT_TRUE(add.run.ok()) << add.run.report();
        succeed("CHECK");
        succeed("DEL");
    }
}

}  // namespace
}  // namespace cni::test
