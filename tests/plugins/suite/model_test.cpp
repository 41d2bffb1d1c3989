// Whatever happens to a host, in whatever order: what was attached stays attached, nobody has the
// address of another one, and behind the DELs nothing is left. Sequences are drawn at random and
// compared with a model, which knows who is there.
//
//   CNIXX_MODEL_STEPS   how many steps are taken
//   CNIXX_FAULT_SEED    which ones
//   CNIXX_MODEL_REPLAY  a file with one sequence, as a failure leaves it: only that is tried
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>

#include "base/file.h"
#include "support/fault.h"
#include "support/guest.h"
#include "support/model.h"

namespace cni::test {
namespace {

constexpr std::size_t events_of_a_host = 50;

class ModelTest : public Model {
protected:
    void take_steps(int count, std::size_t events) {
        std::mt19937 random(static_cast<unsigned>(number_from("CNIXX_FAULT_SEED", 0)));
        while (steps() < count && !HasFailure()) {
            const Sequence drawn = draw_sequence(random, events);
            const std::string wrong = play(drawn);
            if (wrong.empty()) continue;
            // To shorten it takes minutes.
            std::cout << "failed, and is shortened: " << wrong << "\n"
                      << to_string(drawn) << std::endl;
            report(shrink(drawn));
        }
        RecordProperty("steps", steps());
    }

private:
    /// The sequence is left in a file.
    void report(const Sequence& sequence) {
        set_up_another_host();
        const std::string wrong = play(sequence);
        const std::string path =
            cat(::testing::TempDir(), "cnixx-model-", number_from("CNIXX_FAULT_SEED", 0));
        std::ofstream(path) << to_string(sequence);
        ADD_FAILURE() << wrong << "\nagain with CNIXX_MODEL_REPLAY=" << path << ":\n"
                      << to_string(sequence);
    }
};

TEST_F(ModelTest, IsWhatIsThere) {
    if (const char* replay = std::getenv("CNIXX_MODEL_REPLAY"))
        EXPECT_EQ(play(read_file(replay, 1u << 20).value()), "");
    else
        // With sanitizers a step takes seconds.
        take_steps(number_from("CNIXX_MODEL_STEPS", is_sanitized() ? 5 : 50),
                   is_sanitized() ? 12 : events_of_a_host);
}

/// In the guest the clock is set, too. A step takes seconds there.
class VmModel : public ModelTest {
protected:
    void SetUp() override {
        if (!can_set_clock()) GTEST_SKIP() << "the clock cannot be set";
        ModelTest::SetUp();
    }
};

TEST_F(VmModel, IsWhatIsThereWhateverTheClockSays) {
    take_steps(number_from("CNIXX_MODEL_STEPS", 5), 12);
}

}  // namespace
}  // namespace cni::test
