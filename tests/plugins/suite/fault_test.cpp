// An operation with something going wrong at one system call of it: killed, or the call fails.
// Whatever happened, the runtime's DEL leaves the host, the container and a neighbour as they were.
//
// A test tries every CNIXX_FAULT_STEP-th call, beginning with number CNIXX_FAULT_SEED; a call that
// fails does so with each errno in turn. So the seeds 0 to step - 1 try each call once, and those
// up to 7 * step - 1 each call with each errno. scripts/fault-sweep does that for all tests.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cstdlib>

#include "support/defect.h"
#include "support/explanation.h"
#include "support/fault.h"
#include "support/findings.h"
#include "support/subject.h"
#include "support/traces.h"

namespace cni::test {
namespace {

std::string text_from(const char* variable, const std::string& fallback) {
    const char* text = std::getenv(variable);
    return text ? text : fallback;
}

struct Sweep {
    FaultSample sample{197};
    /// Whose plugins. Of others residue is counted only.
    std::string plugins = text_from("CNIXX_FAULT_PLUGINS", bin_dir());

    bool is_ours() const { return plugins == bin_dir(); }
};

struct Case {
    Subject subject;
    Way way;
    const char* command;
    Fault::Kind kind;
};

std::string to_string(const Case& c) {
    std::string name = to_string(c.subject);
    std::erase(name, '-');
    if (makes_rules(c.subject)) name += cat("_", to_string(c.way));
    return cat(name, "_", c.command, "_", to_string(c.kind));
}

void PrintTo(const Case& c, std::ostream* stream) {
    *stream << to_string(c);
}

/// What a subject needs.
enum class Kernel { any, stock };

std::vector<Case> all_cases(Kernel kernel) {
    std::vector<Case> cases;
    for (const Subject subject : all_subjects)
        for (const Way way : all_ways)
            for (const char* command : {"ADD", "DEL"})
                for (const auto kind :
                     {Fault::Kind::kill_program, Fault::Kind::kill_caller, Fault::Kind::fail}) {
                    if (needs_stock_kernel(subject) != (kernel == Kernel::stock)) continue;
                    if (way != Way::nftables && !makes_rules(subject)) continue;
                    if (kind == Fault::Kind::kill_caller && !starts_processes(subject)) continue;
                    // A sanitizer has nothing to say about who is killed.
                    if (is_sanitized() && kind != Fault::Kind::fail) continue;
                    cases.push_back({subject, way, command, kind});
                }
    return cases;
}

class Faults : public SandboxTest,
               protected SubjectCalls,
               public ::testing::WithParamInterface<Case> {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (needs_stock_kernel(GetParam().subject)) skip_without_vlan_filtering();
        if (!IsSkipped()) set_up_host();
    }

    Attachment& a() { return *attached_; }
    bool is_add() const { return GetParam().command == std::string_view("ADD"); }

    /// Of everything.
    Traces traces() const {
        Traces all = host_traces();
        for (const Attachment* each : {&*neighbour_, &*attached_})
            for (const std::string& line : container_traces(each->netns))
                all.push_back(cat(each->netns.name(), ": ", line));
        return all;
    }

    void try_all() {
        sweep_.sample.try_all(GetParam().kind,
                              [this](const Fault& fault) { return try_one(fault); });
        look_at_neighbour();
    }
    void report() const { findings_.report(); }

private:
    void set_up_host() {
        const Case& c = GetParam();
        choose(c.subject, c.way, sweep_.plugins);
        world_.emplace();
        neighbour_.emplace("neighbour", 8082, "02:00:00:00:00:0c");
        attached_.emplace("a", 8080, "02:00:00:00:00:0a");
        for (Attachment* each : {&*neighbour_, &*attached_}) prepare(*each);
        attach(*neighbour_);
        ASSERT_EQ(fault_of(*neighbour_, *world_), "");
        // What stays of a network once it was used is the same however often it is used.
        attach(a());
        detach(a());
        remove_shared(a());
        before_ = traces();
    }
    /// So that what stays is counted once.
    void set_up_another_host() {
        attached_.reset();
        neighbour_.reset();
        world_.reset();
        enter_sandbox();
        set_up_host();
    }
    void look_at_neighbour() {
        const std::string harm = fault_of(*neighbour_, *world_);
        if (!harm.empty()) found("harmed", harm);
    }

    /// False when the operation has not that many calls.
    bool try_one(const Fault& fault) {
        fault_ = fault;
        if (!is_add()) attach(a());
        Program program = SubjectCalls::program(GetParam().command, a());
        // Cannot be done to a process that is traced.
        program.environment.push_back("ASAN_OPTIONS=detect_leaks=0");
        const Injured injured = run_with_fault(program, fault_);
        injured_call_ = injured.system_call;
        now_ = describe(fault_, injured);
        if (injured.reached) {
            findings_.tried(fault_.number);
            examine(injured);
        }
        clean_up();
        return injured.reached;
    }
    void found(const std::string& what, const std::string& text) {
        findings_.found(what, cat(text, "\n", now_));
    }

    /// Who may not read which of the legacy tables there are has the kernel load one to tell
    /// (iptables/legacy_presence.h), and from then on looks into it with its lock held.
    static bool is_of_empty_table(std::string_view line) {
        return line == "iptables *nat" || line == "iptables COMMIT" ||
               line == "file /run/xtables.lock: " ||
               (line.starts_with("iptables :") && line.ends_with(" ACCEPT "));
    }
    bool is_refusal() const {
        return GetParam().kind == Fault::Kind::fail && fault_.error == EPERM;
    }
    /// The call that was refused.
    bool may_be_of_the_list_of_tables() const {
        return injured_call_ == SYS_openat || injured_call_ == SYS_read;
    }
    /// What there is of the attachment alone.
    std::string own_traces() {
        remove_shared(a());
        Traces before = before_, now = traces();
        if (is_refusal() && may_be_of_the_list_of_tables())
            for (Traces* each : {&before, &now}) std::erase_if(*each, is_of_empty_table);
        return difference(before, now);
    }

    /// Before anything is cleaned up.
    void examine(const Injured& injured) {
        if (injured.hung) return found("hung", "");
        if (!defect_despite_faults(injured.finished).empty()) return found("defective", "");
        if (injured.finished.ok()) return examine_success(injured);
        if (GetParam().kind == Fault::Kind::kill_program) return;
        if (WIFSIGNALED(injured.finished.status)) return examine_crash(injured.system_call);
        examine_words(injured);
        // A runtime takes nothing back.
        if (is_add() && subject() != Subject::chain) {
            const std::string left = own_traces();
            if (!left.empty()) found("not_undone", left);
        }
    }
    void examine_words(const Injured& injured) {
        const auto speaker = subject() == Subject::chain ? Speaker::tool : Speaker::plugin;
        const std::string lack = lacking_explanation(speaker, fault_, injured);
        if (!lack.empty()) found("unexplained", lack);
    }
    void examine_success(const Injured& injured) {
        if (is_add()) {
            if (subject() != Subject::chain) a().result = json::parse(injured.finished.out);
            const std::string lacks = fault_seen_by_check(a());
            if (!lacks.empty()) found("not_whole", lacks);
        } else {
            // What the kernel refuses to tuning is a warning: a container must go.
            if (is_refusal() && !injured.finished.err.empty()) return;
            const std::string left = own_traces();
            if (!left.empty()) found("not_deleted", left);
        }
    }
    void examine_crash(long system_call) {
        // The C library gives up when it gets only the beginning of its heap; a sanitizer often.
        const bool by_library = system_call == SYS_brk || is_sanitized();
        if (GetParam().kind == Fault::Kind::fail && !by_library) found("crashed", "");
    }

    /// What an ADD that was broken off has left for others must do for the next one.
    void use_shared() {
        attach(a());
        const std::string lacks = fault_seen_by_check(a());
        if (!lacks.empty()) found("not_whole", lacks);
        detach(a());
    }
    void clean_up() {
        const Finished deleted = call("DEL", a());
        a().result = json::object();
        if (is_add() && has_own_bridge(subject())) use_shared();
        const std::string left = own_traces();
        if (is_refusal()) before_ = traces();
        if (deleted.ok() && left.empty()) return;
        found("residue", cat(deleted.out, deleted.err, left));
        look_at_neighbour();
        set_up_another_host();
    }

    const Sweep sweep_;
    std::optional<Outside> world_;
    std::optional<Attachment> neighbour_, attached_;
    Traces before_;
    Findings findings_{sweep_.is_ours()};
    Fault fault_{};
    long injured_call_ = -1;
    std::string now_;  // what was done, for messages
};

const auto name_of = [](const auto& each) { return to_string(each.param); };
INSTANTIATE_TEST_SUITE_P(All, Faults, ::testing::ValuesIn(all_cases(Kernel::any)), name_of);
INSTANTIATE_TEST_SUITE_P(Vm, Faults, ::testing::ValuesIn(all_cases(Kernel::stock)), name_of);

TEST_P(Faults, LeaveNothing) {
    EXPECT_NO_THROW(try_all());
    report();
}

}  // namespace
}  // namespace cni::test
