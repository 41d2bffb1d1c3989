// Two calls of a plugin, or of a whole chain, at once, in orders of their steps: what comes of them
// is what would come of one after the other, and behind the DELs nothing is left.
//
// Each order with one preemption is tried by scripts/interleavings. A test run tries some of every
// 24th pair.
#include <gtest/gtest.h>

#include <filesystem>

#include "support/exploration.h"
#include "support/orphans.h"
#include "support/subject.h"
#include "support/traces.h"

namespace cni::test {
namespace {

/// Whom the second call is for. The first one is for attachment "a" of network net1.
enum class Second {
    other_attachment,  ///< "b"; a GC that does not know it
    same_attachment,
    other_network  ///< "b", on another network with the same bridge
};

/// What a runtime calls.
struct Calls {
    const char* name;
    const char* commands[2];
    Second second = Second::other_attachment;
};

constexpr Calls all_calls[] = {
    {"ADD_ADD", {"ADD", "ADD"}},
    {"ADD_DEL", {"ADD", "DEL"}},
    {"DEL_DEL", {"DEL", "DEL"}},
    {"ADD_GC", {"ADD", "GC"}},
    {"late_ADD_DEL", {"ADD", "DEL"}, Second::same_attachment},
    {"DEL_twice", {"DEL", "DEL"}, Second::same_attachment},
    {"ADD_twice", {"ADD", "ADD"}, Second::same_attachment},
    {"ADD_ADD_two_networks", {"ADD", "ADD"}, Second::other_network},
    {"ADD_DEL_two_networks", {"ADD", "DEL"}, Second::other_network},
};

struct Race {
    std::size_t number;
    Subject subject;
    Way way;
    Calls calls;
};

std::string to_string(const Race& race) {
    return cat(to_string(race.subject), "_", to_string(race.way), "_", race.calls.name);
}

void PrintTo(const Race& race, std::ostream* stream) {
    *stream << to_string(race);
}

std::vector<Race> all_races() {
    std::vector<Race> races;
    for (const Subject subject : {Subject::bridge, Subject::portmap, Subject::chain})
        for (const Way way : all_ways)
            for (const Calls& calls : all_calls)
                if (subject == Subject::bridge || calls.second != Second::other_network)
                    races.push_back({races.size(), subject, way, calls});
    return races;
}

class Interleavings : public SandboxTest,
                      protected SubjectCalls,
                      public ::testing::WithParamInterface<Race> {
protected:
    void set_up() {
        choose(GetParam().subject, GetParam().way, bin_dir());
        a_.emplace("a", 8080, "02:00:00:00:00:0a");
        b_.emplace("b", 8082, "02:00:00:00:00:0b");
        for (Attachment* each : {&*a_, &*b_}) prepare(*each);
        // What stays of a network once it was used is the same however often it is used.
        for (const std::size_t number : {0, 1})
            for (const char* command : {"ADD", "DEL"})
                EXPECT_EQ(run(call_for(number, command)).status, 0) << command;
        before_ = traces();
    }

    const Calls& calls() const { return GetParam().calls; }
    bool is(std::size_t number, std::string_view command) const {
        return calls().commands[number] == command;
    }
    Attachment& of(std::size_t number) {
        return number == 0 || calls().second == Second::same_attachment ? *a_ : *b_;
    }

    const Attachment* added() { return is(0, "ADD") ? &of(0) : nullptr; }

    /// The call of a runtime for the first or the second of the two.
    Program call_for(std::size_t number, const std::string& command) {
        const Program call = program(command, of(number));
        const bool elsewhere = number == 1 && calls().second == Second::other_network;
        return elsewhere ? on_another_network(call) : call;
    }
    static Program on_another_network(Program call) {
        json config = json::parse(call.input);
        config["name"] = "net2";
        config["isGateway"] = false;  // the bridge has the address of the other one
        config["ipam"]["ranges"] = {{{{"subnet", "10.1.3.0/24"}}}, {{{"subnet", "fd00:1:3::/64"}}}};
        call.input = config.dump();
        return call;
    }
    /// Knows "a", and not "b".
    Program collection() const {
        if (subject() == Subject::chain) return ChainCalls::collection({a_->netns.path()});
        Program call = program("GC", *b_);
        json config = json::parse(call.input);
        config["cniVersion"] = "1.1.0";
        config["cni.dev/valid-attachments"] = {{{"containerID", "a"}, {"ifname", "eth0"}}};
        call.input = config.dump();
        return call;
    }

    std::vector<Program> begin() {
        // So that addresses do not go on where the last try left off. Those of portmap's stay.
        if (subject() != Subject::portmap) std::filesystem::remove_all("/var/lib/cni/networks");
        std::vector<Program> programs;
        // What is deleted or collected was added before, or just now, by the first call.
        for (const std::size_t number : {0, 1})
            if (!is(number, "ADD") && &of(number) != added() && of(number).result.empty())
                of(number).result = json::parse(run(call_for(number, "ADD")).out);
        for (const std::size_t number : {0, 1})
            programs.push_back(is(number, "GC") ? collection()
                                                : call_for(number, calls().commands[number]));
        return programs;
    }
    std::string outcome(const std::vector<Finished>& finished) {
        await_orphans();
        std::string text;
        for (const Finished& each : finished)
            text += cat("exit status ", each.exit_code(), "\n", each.out, each.err);
        return without_chance(text + difference(before_, traces()));
    }
    /// What the kernel makes up. The containers' addresses are among their traces.
    static std::string without_chance(const std::string& text) {
        std::vector<std::string> kept;
        for (const std::string_view line : split(text, '\n'))
            if (line.find("\"mac\":") == line.npos && line.find("\"ifindex\":") == line.npos)
                kept.emplace_back(line);
        return join(kept, "\n");
    }
    std::string end() {
        std::string wrong;
        for (const std::size_t number : {0, 1}) {
            const Finished deleted = run(call_for(number, "DEL"));
            if (!deleted.ok()) wrong += cat("DEL: ", deleted.out, deleted.err);
            of(number).result = json::object();
        }
        await_orphans();
        const std::string left = difference(before_, traces());
        return left.empty() ? wrong : cat(wrong, "left: ", left);
    }

    Traces traces() const {
        Traces all = host_traces();
        for (const Attachment* each : {&*a_, &*b_})
            for (const std::string& line : container_traces(each->netns))
                all.push_back(cat(each->netns.name(), ": ", line));
        return all;
    }

    std::optional<Attachment> a_, b_;
    Traces before_;
};

INSTANTIATE_TEST_SUITE_P(All, Interleavings, ::testing::ValuesIn(all_races()),
                         [](const auto& each) { return to_string(each.param); });

TEST_P(Interleavings, AreAsOneAfterTheOther) {
    if (!is_its_turn(GetParam().number, 24)) return;
    set_up();
    const Scenario scenario{[this] { return begin(); },
                            [this](const auto& finished) { return outcome(finished); },
                            [this] { return end(); }};
    const std::string fault = explore(scenario, 1, 2).fault;
    EXPECT_TRUE(fault.empty()) << fault;
}

}  // namespace
}  // namespace cni::test
