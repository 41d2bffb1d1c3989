// cnitool install, and uninstall, with something going wrong at each of their system calls.
// A run tries every 7th; CNIXX_FAULT_STEP and CNIXX_FAULT_SEED choose others (docs/testing.md).
#include <array>

#include "install_fixture.h"
#include "support/fault.h"

namespace cni::test {
namespace {

class InstallFaults : public InstallTest {
protected:
    void SetUp() override {
        InstallTest::SetUp();
        if (IsSkipped()) return;
        // Of small files there are few calls to try.
        for (const char* name : {"host-local", "loopback"}) write_ours(name, name);
        ASSERT_TRUE(install(words()).ok());
        after_ = host();
        ASSERT_TRUE(uninstall().ok());
        ASSERT_EQ(host(), before_);
    }

    std::vector<std::string> words() const {
        std::vector<std::string> words = with_list();
        words.insert(words.end(), {"-p", "host-local", "-p", "loopback"});
        return words;
    }
    /// Whole files under all names, those of before or those of after; and no list without its
    /// plugins.
    void expect_whole(int number) const {
        const Files now = host();
        for (const auto& [name, file] : now) {
            const auto before = before_.find(name), after = after_.find(name);
            EXPECT_TRUE((before != before_.end() && before->second == file) ||
                        (after != after_.end() && after->second == file))
                << "call " << number << ": " << name << " is neither the old nor the new one";
        }
        const std::string list_name = "net.d/10-pods.conflist";
        if (!now.contains(list_name) || now.at(list_name) == before_.at(list_name)) return;
        for (const char* name : {"bin/host-local", "bin/loopback"})
            EXPECT_TRUE(now.contains(name) && now.at(name) == after_.at(name))
                << "call " << number << ": the list is there without " << name;
    }
    void expect_installed(int number) const {
        const Finished done = install(words());
        ASSERT_TRUE(done.ok()) << "call " << number << ": " << done.err;
        ASSERT_EQ(host(), after_) << "call " << number;
    }
    void expect_uninstalled(int number) const {
        const Finished done = uninstall();
        ASSERT_TRUE(done.ok()) << "call " << number << ": " << done.err;
        ASSERT_EQ(host(), before_) << "call " << number;
        ASSERT_TRUE(is_forgotten()) << "call " << number;
    }
    Fault fault(int number, Fault::Kind kind) {
        constexpr std::array errors = {ENOSPC, EIO, ENOMEM, EINTR, EAGAIN, EPERM, EMFILE};
        return {
            .number = number, .kind = kind, .error = errors[number / sample_.step % errors.size()]};
    }
    static void expect_an_answer(const Injured& injured, int number) {
        EXPECT_FALSE(injured.hung) << "call " << number;
        EXPECT_TRUE(injured.finished.ok() || injured.finished.err != "") << "call " << number;
    }

    /// Each call of it; whatever happened, both ways go on from there.
    void try_install(Fault::Kind kind) {
        int number = sample_.first;
        for (;; number += sample_.step) {
            const Injured injured = run_with_fault(tool("install", words()), fault(number, kind));
            expect_whole(number);
            if (kind == Fault::Kind::fail) expect_an_answer(injured, number);
            if (number % 4 < 2) expect_installed(number);
            if (HasFatalFailure()) return;
            ASSERT_NO_FATAL_FAILURE(expect_uninstalled(number));
            if (!injured.reached || HasFailure()) break;
        }
        RecordProperty("calls", number);
        EXPECT_GT(number, 100);
    }
    void try_uninstall(Fault::Kind kind) {
        int number = sample_.first;
        for (;; number += sample_.step) {
            ASSERT_NO_FATAL_FAILURE(expect_installed(number));
            const Injured injured = run_with_fault(tool("uninstall", {}), fault(number, kind));
            expect_whole(number);
            if (kind == Fault::Kind::fail) expect_an_answer(injured, number);
            if (number % 4 < 2) expect_installed(number);
            if (HasFatalFailure()) return;
            ASSERT_NO_FATAL_FAILURE(expect_uninstalled(number));
            if (!injured.reached || HasFailure()) break;
        }
        RecordProperty("calls", number);
        EXPECT_GT(number, 50);
    }
    FaultSample sample_{7};
    Files after_;
};

TEST_F(InstallFaults, KilledAtAnyCallOfInstall) {
    try_install(Fault::Kind::kill_program);
}

TEST_F(InstallFaults, AnyCallOfInstallFails) {
    try_install(Fault::Kind::fail);
}

TEST_F(InstallFaults, KilledAtAnyCallOfUninstall) {
    try_uninstall(Fault::Kind::kill_program);
}

TEST_F(InstallFaults, AnyCallOfUninstallFails) {
    try_uninstall(Fault::Kind::fail);
}

}  // namespace
}  // namespace cni::test
