// No mistake goes unnoticed: neither in the sanitizers' build, where a report has to fail the test
// that ran the program, whatever it expected, nor in the one that ships.
#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>

#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "support/defect.h"
#include "support/plugin_run.h"
#include "support/sandbox.h"

namespace cni::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// In the sandbox, where most tests run: a leak checker could be kept from working by namespaces.
class Defects : public SandboxTest {
protected:
    static std::string defective() { return cat(bin_dir(), "/../tests/cnixx-defective"); }
    static Finished make(const std::string& defect) { return run({.argv = {defective(), defect}}); }
};

TEST_F(Defects, AreNotSeenWhereThereAreNone) {
    EXPECT_TRUE(run({.argv = {defective()}}).ok());
}

TEST_F(Defects, ACrashFailsWhoeverWaits) {
    EXPECT_NONFATAL_FAILURE(make("crash"), "cnixx-defective");
}

TEST_F(Defects, OfAChildAreSeenInWhatItsParentPassesOn) {
    const Finished finished{
        .status = 1 << 8, .out = "", .err = "host-local: ==7==ERROR: LeakSanitizer: ..."};
    EXPECT_THAT(defect_of(finished), HasSubstr("LeakSanitizer"));
}

TEST_F(Defects, AnIndexBeyondAVectorEndsTheProgram) {
    EXPECT_NONFATAL_FAILURE(make("beyond a vector"), "Assertion '__n < this->size()' failed");
}

class SanitizedDefects : public Defects {
protected:
    void SetUp() override {
        if (!is_sanitized()) GTEST_SKIP() << "there are no sanitizers in what is tested";
        Defects::SetUp();
    }
};

TEST_F(SanitizedDefects, AreFoundByEachSanitizer) {
    EXPECT_NONFATAL_FAILURE(make("leak"), "LeakSanitizer: detected memory leaks");
    EXPECT_NONFATAL_FAILURE(make("use after free"), "heap-use-after-free");
    EXPECT_NONFATAL_FAILURE(make("overflow of an integer"), "signed integer overflow");
}

TEST_F(SanitizedDefects, HaveAnExitStatusOfTheirOwn) {
    for (const char* defect : {"leak", "use after free", "overflow of an integer"}) {
        int status = 0;
        EXPECT_NONFATAL_FAILURE(status = make(defect).exit_code(), "a sanitizer");
        EXPECT_EQ(status, sanitizer_status) << defect;
    }
}

// The address sanitizer itself is asked; the other one begins when it has something to report.
TEST_F(SanitizedDefects, AreLookedForInEveryExecutable) {
    const auto told = [](const std::string& flag, const std::string& value) {
        return ContainsRegex(cat("\n\t", flag, "\n[^\n]*Current Value: ", value, "\\)"));
    };
    for (const auto& executable : std::filesystem::directory_iterator(bin_dir())) {
        const std::string name = executable.path();
        const Finished asked = run({.argv = {name}, .environment = {"ASAN_OPTIONS=help=1"}});
        EXPECT_THAT(asked.err, told("exitcode", std::to_string(sanitizer_status))) << name;
        EXPECT_THAT(asked.err, told("detect_leaks", "true")) << name;
        const std::string program = read_file(name, std::size_t{1} << 28).value();
        EXPECT_NE(program.find("__ubsan_handle_"), program.npos) << name;
    }
}

class HardenedDefects : public Defects {
protected:
    void SetUp() override {
        if (is_sanitized()) GTEST_SKIP() << "sanitizers take the place of the hardening";
        Defects::SetUp();
    }
};

TEST_F(HardenedDefects, ThatOverwriteMemoryEndTheProgram) {
    EXPECT_NONFATAL_FAILURE(make("beyond a buffer"), "buffer overflow detected");
    EXPECT_NONFATAL_FAILURE(make("beyond the stack frame"), "stack smashing detected");
}

TEST_F(HardenedDefects, VariablesNeverShowWhatWasInMemoryBefore) {
    EXPECT_TRUE(make("uninitialized").ok());
}

}  // namespace
}  // namespace cni::test
