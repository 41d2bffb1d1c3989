#include "support/exploration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <random>
#include <set>

#include "base/text.h"
#include "support/traces.h"

namespace cni::test {
namespace {

using Steps = std::vector<Step>;

class Exploration {
public:
    explicit Exploration(const Scenario& scenario) : scenario_(scenario) {
        std::vector<Program> programs = scenario_.begin();
        programs_ = programs.size();
        std::vector<std::size_t> order(programs_);
        std::iota(order.begin(), order.end(), 0);
        do {
            std::vector<Finished> finished(programs_);
            for (const std::size_t each : order) finished[each] = run(programs[each]);
            serial_.insert(scenario_.outcome(finished));
            const std::string wrong = scenario_.end();
            if (!wrong.empty()) explored_.fault += cat("one after the other: ", wrong);
            programs = scenario_.begin();
        } while (std::ranges::next_permutation(order).found);
        scenario_.end();
    }

    void try_all(const Schedule& schedule, int preemptions) {
        const Steps steps = play(schedule).steps;
        if (preemptions == 0) return;
        for (std::size_t i = schedule.back().step + 1; i < steps.size(); ++i)
            for (const std::size_t other : steps[i].others)
                if (goes_on()) try_all(with(schedule, {i, other}), preemptions - 1);
    }
    void try_all(int preemptions) {
        for (std::size_t first = 0; first < programs_; ++first) try_all({{0, first}}, preemptions);
    }

    /// Some `count` schedules.
    void try_some(int count, int preemptions, unsigned seed) {
        std::mt19937 random(seed);
        while (explored_.schedules < count && goes_on()) {
            Schedule schedule = {{0, random() % programs_}};
            for (int left = preemptions; left >= 0 && explored_.schedules < count && goes_on();
                 --left) {
                const Steps steps = play(schedule).steps;
                const std::vector<Switch> choices = choices_after(schedule.back().step, steps);
                if (choices.empty()) break;
                schedule.push_back(choices[random() % choices.size()]);
            }
        }
    }

    Interleaved play(const Schedule& schedule) {
        const std::vector<Program> programs = scenario_.begin();
        Interleaved seen = run_interleaved(programs, schedule);
        ++explored_.schedules;
        explored_.steps = std::max(explored_.steps, seen.steps.size());
        std::string wrong = seen.hung;
        const std::string outcome = scenario_.outcome(seen.finished);
        if (!serial_.contains(outcome))
            wrong += cat("as in no serial order, of which the nearest differs by\n",
                         difference_from_nearest(outcome));
        wrong += scenario_.end();
        if (!wrong.empty())
            explored_.fault +=
                cat("CNIXX_SCHEDULE='", to_string(schedule), "': ", wrong, "\n", seen.trace());
        return seen;
    }

    const Explored& explored() const { return explored_; }

private:
    bool goes_on() const { return explored_.fault.empty(); }
    static Schedule with(Schedule schedule, Switch another) {
        schedule.push_back(another);
        return schedule;
    }
    std::string difference_from_nearest(const std::string& outcome) const {
        std::string nearest = outcome;
        for (const std::string& each : serial_) {
            const std::string differing = difference(lines(each), lines(outcome));
            if (differing.size() < nearest.size()) nearest = differing;
        }
        return nearest;
    }
    static Traces lines(const std::string& text) {
        const auto parts = split(text, '\n');
        return {parts.begin(), parts.end()};
    }
    static std::vector<Switch> choices_after(std::size_t step, const Steps& steps) {
        std::vector<Switch> choices;
        for (std::size_t i = step + 1; i < steps.size(); ++i)
            for (const std::size_t other : steps[i].others) choices.push_back({i, other});
        return choices;
    }

    const Scenario& scenario_;
    std::size_t programs_;
    std::set<std::string> serial_;
    Explored explored_;
};

std::string text_from(const char* variable) {
    const char* text = std::getenv(variable);
    return text ? text : "";
}

unsigned seed() {
    return parse_int<unsigned>(text_from("CNIXX_FAULT_SEED")).value_or(0);
}

}  // namespace

bool is_its_turn(std::size_t number, std::size_t many) {
    const bool by_hand =
        !cat(text_from("CNIXX_INTERLEAVINGS"), text_from("CNIXX_SCHEDULE")).empty();
    return by_hand || number % many == seed() % many;
}

Explored explore(const Scenario& scenario, int preemptions, int sample) {
    Exploration exploration(scenario);
    const std::string how_many = text_from("CNIXX_INTERLEAVINGS");
    const std::string schedule = text_from("CNIXX_SCHEDULE");
    if (!schedule.empty())
        std::cout << exploration.play(parse_schedule(schedule)).trace();
    else if (how_many == "all")
        exploration.try_all(preemptions);
    else
        exploration.try_some(parse_int<int>(how_many).value_or(sample), preemptions, seed());
    const Explored& explored = exploration.explored();
    ::testing::Test::RecordProperty("schedules", explored.schedules);
    ::testing::Test::RecordProperty("steps", static_cast<int>(explored.steps));
    return explored;
}

}  // namespace cni::test
