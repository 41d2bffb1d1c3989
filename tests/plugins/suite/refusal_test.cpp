// System calls that a kernel does not know or that a seccomp filter or a security module refuses:
// each of them, at whatever place, is an error object or is done without. None is a signal, none
// leaves anything once DEL was called without it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>

#include "support/fault.h"
#include "support/refusal.h"
#include "support/subject.h"
#include "support/traces.h"

namespace cni::test {
namespace {

struct Refusal {
    const char* name;
    long call;
    int error = EPERM;
};

// Not among them: what no program can do without (read, write, mmap, execve), and fcntl, at whose
// refusal libiptc gives up with a signal.
constexpr Refusal refusals[] = {{"setns", SYS_setns},
                                {"setns", SYS_setns, ENOSYS},
                                {"openat2", SYS_openat2},
                                {"openat2", SYS_openat2, ENOSYS},
                                {"faccessat2", SYS_faccessat2},
                                {"faccessat2", SYS_faccessat2, ENOSYS},
                                {"memfd_create", SYS_memfd_create},
                                {"memfd_create", SYS_memfd_create, ENOSYS},
                                {"close_range", SYS_close_range},
                                {"close_range", SYS_close_range, ENOSYS},
                                {"close_range", SYS_close_range, EINVAL},
                                {"clone3", SYS_clone3},
                                {"clone3", SYS_clone3, ENOSYS},
                                {"pidfd_open", SYS_pidfd_open},
                                {"pidfd_open", SYS_pidfd_open, ENOSYS},
                                {"renameat2", SYS_renameat2},
                                {"renameat2", SYS_renameat2, ENOSYS},
                                {"statx", SYS_statx},
                                {"statx", SYS_statx, ENOSYS},
                                {"rseq", SYS_rseq},
                                {"vfork", SYS_vfork},
                                {"vfork", SYS_vfork, ENOSYS},
                                {"clone", SYS_clone},
                                {"clone", SYS_clone, ENOSYS},
                                {"unshare", SYS_unshare},
                                {"pipe2", SYS_pipe2},
                                {"dup2", SYS_dup2},
                                {"prctl", SYS_prctl},
                                {"setpgid", SYS_setpgid},
                                {"wait4", SYS_wait4},
                                {"kill", SYS_kill},
                                {"poll", SYS_poll},
                                {"ppoll", SYS_ppoll},
                                {"rt_sigaction", SYS_rt_sigaction},
                                {"rt_sigprocmask", SYS_rt_sigprocmask},
                                {"socket", SYS_socket},
                                {"bind", SYS_bind},
                                {"getsockname", SYS_getsockname},
                                {"setsockopt", SYS_setsockopt},
                                {"getsockopt", SYS_getsockopt},
                                {"sendmsg", SYS_sendmsg},
                                {"sendto", SYS_sendto},
                                {"recvmsg", SYS_recvmsg},
                                {"recvfrom", SYS_recvfrom},
                                {"getdents64", SYS_getdents64},
                                {"flock", SYS_flock},
                                {"linkat", SYS_linkat},
                                {"renameat", SYS_renameat},
                                {"unlinkat", SYS_unlinkat},
                                {"mkdirat", SYS_mkdirat},
                                {"readlinkat", SYS_readlinkat},
                                {"newfstatat", SYS_newfstatat},
                                {"fstatfs", SYS_fstatfs},
                                {"ioctl", SYS_ioctl},
                                {"lseek", SYS_lseek},
                                {"pread64", SYS_pread64},
                                {"pwrite64", SYS_pwrite64},
                                {"ftruncate", SYS_ftruncate},
                                {"fsync", SYS_fsync},
                                {"fdatasync", SYS_fdatasync},
                                {"getrandom", SYS_getrandom},
                                {"getrandom", SYS_getrandom, ENOSYS},
                                {"geteuid", SYS_geteuid},
                                {"nanosleep", SYS_nanosleep},
                                {"clock_nanosleep", SYS_clock_nanosleep},
                                {"dup3", SYS_dup3}};

// Without these not even a sanitized program runs: it is loaded by the one, and looks by the other
// whether memory is there.
bool is_needed_by_sanitizers(long system_call) {
    return is_sanitized() && (system_call == SYS_pread64 || system_call == SYS_pipe2);
}

struct Case {
    Subject subject;
    Way way;
};

std::string to_string(const Case& c) {
    std::string name = to_string(c.subject);
    std::erase(name, '-');
    return makes_rules(c.subject) ? cat(name, "_", to_string(c.way)) : name;
}

void PrintTo(const Case& c, std::ostream* stream) {
    *stream << to_string(c);
}

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    for (const Subject subject : all_subjects)
        for (const Way way : all_ways)
            if (!needs_stock_kernel(subject) && (way == Way::nftables || makes_rules(subject)))
                cases.push_back({subject, way});
    return cases;
}

class Refused : public SandboxTest,
                protected SubjectCalls,
                public ::testing::WithParamInterface<Case> {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        choose(GetParam().subject, GetParam().way, bin_dir());
        world_.emplace();
        attached_.emplace("a", 8080, "02:00:00:00:00:0a");
        prepare(a());
        // What stays of a network once it was used is the same however often it is used.
        attach(a());
        detach(a());
        remove_shared(a());
        before_ = traces();
    }

    Attachment& a() { return *attached_; }
    Traces traces() const {
        Traces all = host_traces();
        for (const std::string& line : container_traces(attached_->netns)) all.push_back(line);
        return all;
    }

    void try_add(const std::string& what, const std::function<void()>& prepare) {
        const Finished added = call_prepared("ADD", prepare);
        expect_answer(cat("ADD without ", what), added);
        if (added.ok()) {
            if (subject() != Subject::chain) a().result = json::parse(added.out);
            EXPECT_EQ(fault_seen_by_check(a()), "") << what;
        }
        expect_deleted(cat("after ADD without ", what));
    }
    void try_del(const std::string& what, const std::function<void()>& prepare) {
        attach(a());
        expect_answer(cat("DEL without ", what), call_prepared("DEL", prepare));
        expect_deleted(cat("after DEL without ", what));
    }
    void expect_nothing_left() {
        remove_shared(a());
        if (GetParam().way == Way::iptables_legacy) remove_empty_chains();
        EXPECT_EQ(difference(before_, traces()), "");
    }

    Finished call_prepared(const std::string& command, const std::function<void()>& prepare) {
        Program program = SubjectCalls::program(command, a());
        program.prepare = prepare;
        return run(program);
    }
    void expect_deleted(const std::string& what) {
        const Finished deleted = call("DEL", a());
        EXPECT_TRUE(deleted.ok()) << what << ": " << deleted.out << deleted.err;
        a().result = json::object();
    }

private:
    // Who cannot ask for legacy tables takes the other ones, whose skeleton stays for all, and so
    // does the guard while there is a bridge.
    static void remove_empty_chains() {
        run({.argv = {"nft", "delete", "table", "ip", "raw"}});
        for (const char* family : {"ip", "ip6"}) {
            run({.argv = {"nft", "delete", "table", family, "filter"}});
            run({.argv = {"nft", "delete", "chain", family, "nat", "POSTROUTING"}});
            const Finished table = run({.argv = {"nft", "list", "table", family, "nat"}});
            if (table.ok() && table.out.find("chain") == table.out.npos)
                run({.argv = {"nft", "delete", "table", family, "nat"}});
        }
    }
    void expect_answer(const std::string& what, const Finished& finished) {
        if (finished.ok()) return;
        EXPECT_EQ(finished.exit_code(), 1) << what << ": " << finished.out << finished.err;
        if (subject() == Subject::chain) {
            EXPECT_NE(finished.err, "") << what;
        } else {
            const json error = json::parse(finished.out, nullptr, false);
            EXPECT_TRUE(error.is_object() && error.value("msg", "") != "")
                << what << ": " << finished.out << finished.err;
        }
    }

    std::optional<Outside> world_;
    std::optional<Attachment> attached_;
    Traces before_;
};

INSTANTIATE_TEST_SUITE_P(All, Refused, ::testing::ValuesIn(all_cases()),
                         [](const auto& each) { return to_string(each.param); });

// Each commit tries other ones: CNIXX_REFUSAL_STEP=1 all of them. A sanitizer takes its time.
TEST_P(Refused, EachSystemCallIsAnErrorOrDoneWithout) {
    const int step = number_from("CNIXX_REFUSAL_STEP", is_sanitized() ? 5 : 3);
    const int seed = number_from("CNIXX_FAULT_SEED", 0);
    for (std::size_t i = seed % step; i < std::size(refusals); i += step) {
        const Refusal& each = refusals[i];
        if (is_needed_by_sanitizers(each.call)) continue;
        const std::string what = cat(each.name, ", errno ", each.error);
        try_add(what, refusing(each.call, each.error));
        try_del(what, refusing(each.call, each.error));
    }
    expect_nothing_left();
}

// The first byte beyond it is a deadly signal by default.
TEST_P(Refused, AFileThatMayNotGrowIsAnError) {
    for (const rlim_t most : {0, 16, 256}) {
        const auto limit = [most] {
            const rlimit size{most, most};
            ::setrlimit(RLIMIT_FSIZE, &size);
        };
        const std::string what = cat("files larger than ", most, " bytes");
        const Finished added = call_prepared("ADD", limit);
        EXPECT_LE(added.exit_code(), 1) << what << ": " << added.out << added.err;
        expect_deleted(cat("after ADD without ", what));
        attach(a());
        const Finished deleted = call_prepared("DEL", limit);
        EXPECT_LE(deleted.exit_code(), 1) << what << ": " << deleted.out << deleted.err;
        expect_deleted(cat("after DEL without ", what));
    }
    expect_nothing_left();
}

}  // namespace
}  // namespace cni::test
