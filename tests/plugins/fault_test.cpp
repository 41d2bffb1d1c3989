// A whole chain with something going wrong at one system call of it: killed, or the call fails.
// Whatever happened, the runtime's DEL leaves the host, and a neighbour, as they were.
//
// Every call is tried over the seeds 0 to step - 1: CNIXX_FAULT_STEP=1 tries all of them at once.
#include <fcntl.h>
#include <gmock/gmock.h>

#include <array>
#include <cstdlib>

#include "support/chain_fixture.h"
#include "support/fault.h"

namespace cni::test {
namespace {

int number_from(const char* variable, int fallback) {
    const char* text = std::getenv(variable);
    return text ? parse_int<int>(text).value_or(fallback) : fallback;
}

struct Sweep {
    int step = number_from("CNIXX_FAULT_STEP", 37 * fault_spread);
    int seed = number_from("CNIXX_FAULT_SEED", 0);
};

Fault killing(Fault::Kind kind, int number) {
    return {number, kind};
}

constexpr std::array errors = {ENOSPC, EIO, ENOMEM, EINTR, EAGAIN, EPERM, EMFILE};

Fault failing(int number, std::size_t turn) {
    return {number, Fault::Kind::fail, errors[turn % errors.size()]};
}

class Faults : public SandboxTest, protected ChainCalls, public ::testing::WithParamInterface<Way> {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        use(GetParam());
        configure();
        world_.emplace();
        neighbour_.emplace("neighbour", 8082, "02:00:00:00:00:0c");
        attached_.emplace("a", 8080, "02:00:00:00:00:0a");
        attach(*neighbour_);
        // What stays of a network once it was used is the same however often it is used.
        attach(*attached_);
        expect_ok("del", *attached_);
        before_ = traces();
        inside_ = inside();
    }

    const Attachment& a() const { return *attached_; }

    Injured run_faulty(const std::string& command, const Fault& fault) const {
        Program program = tool_program(command, a());
        // Cannot be done to a process that is traced.
        program.environment.push_back("ASAN_OPTIONS=detect_leaks=0");
        return run_with_fault(program, fault);
    }

    std::string inside() const {
        return a().netns.run([] {
            const Snapshot now = take_snapshot();
            return cat(now.links, now.addresses, now.routes, sysctl("net/core/somaxconn"));
        });
    }

    /// After the runtime's one clean-up.
    void expect_as_before() const {
        expect_ok("del", a());
        EXPECT_EQ(traces(), before_);
        EXPECT_EQ(inside(), inside_);
        EXPECT_THAT(leases(), ::testing::SizeIs(2)) << "the neighbour's";
    }
    void expect_neighbour_unharmed() const {
        expect_ok("check", *neighbour_);
        const Exchange seen = exchange_tcp({.server = neighbour_->netns.netns(),
                                            .address = address_of(neighbour_->result, '4'),
                                            .port = 80,
                                            .client = world_->netns().netns(),
                                            .target_address = "192.0.2.1",
                                            .target_port = neighbour_->host_port});
        EXPECT_TRUE(seen.answered) << seen.failure;
    }

    /// Before the program's own code runs, the C library may give up without a word.
    static void expect_explained(const Injured& injured) {
        EXPECT_TRUE(WIFSIGNALED(injured.finished.status) || !injured.finished.err.empty());
    }

    static std::string describe(const Fault& fault, const Injured& injured) {
        return cat("call ", fault.number, ", system call ", injured.system_call, ", errno ",
                   fault.error, ": ", injured.finished.err);
    }

    /// Runs the command once for each call of the sample; `prepare` before each, `examine` after.
    template <typename MakeFault, typename Prepare, typename Examine>
    void sweep(const std::string& command, MakeFault make_fault, Prepare prepare,
               Examine examine) const {
        const Sweep sample;
        int tries = 0;
        for (int number = 1 + sample.seed;; number += sample.step, ++tries) {
            prepare();
            const Fault fault = make_fault(number);
            const Injured injured = run_faulty(command, fault);
            SCOPED_TRACE(describe(fault, injured));
            if (injured.reached) examine(injured);
            expect_as_before();
            if (!injured.reached) break;
            if (HasFatalFailure() || HasNonfatalFailure()) {
                ADD_FAILURE() << "at " << command;
                if (!std::getenv("CNIXX_FAULT_GO_ON")) break;
            }
        }
        RecordProperty("tries", tries);
        expect_neighbour_unharmed();
    }

private:
    std::optional<Outside> world_;
    std::optional<Attachment> neighbour_, attached_;
    Snapshot before_;
    std::string inside_;
};

INSTANTIATE_TEST_SUITE_P(All, Faults, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(Faults, KilledAdd) {
    for (const Fault::Kind kind : {Fault::Kind::kill_program, Fault::Kind::kill_caller})
        sweep(
            "add", [&](int number) { return killing(kind, number); }, [] {},
            [](const Injured& injured) { EXPECT_FALSE(injured.finished.ok()); });
}

TEST_P(Faults, KilledDel) {
    for (const Fault::Kind kind : {Fault::Kind::kill_program, Fault::Kind::kill_caller})
        sweep(
            "del", [&](int number) { return killing(kind, number); },
            [&] { expect_ok("add", a()); },
            [](const Injured& injured) { EXPECT_FALSE(injured.finished.ok()); });
}

// Either it succeeds, and is whole, or it says what failed.
TEST_P(Faults, AddWithACallThatFails) {
    std::size_t turn = static_cast<std::size_t>(Sweep().seed);
    sweep(
        "add", [&](int number) { return failing(number, turn++); }, [] {},
        [&](const Injured& injured) {
            if (injured.finished.ok()) return expect_ok("check", a());
            expect_explained(injured);
        });
}

TEST_P(Faults, DelWithACallThatFails) {
    std::size_t turn = static_cast<std::size_t>(Sweep().seed);
    sweep(
        "del", [&](int number) { return failing(number, turn++); }, [&] { expect_ok("add", a()); },
        [&](const Injured& injured) {
            if (!injured.finished.ok()) expect_explained(injured);
        });
}

}  // namespace
}  // namespace cni::test
