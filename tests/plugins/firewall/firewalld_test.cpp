// firewalld lets through: by a bus and a firewalld that are played, and by Debian's bus.
#include "fixture.h"

#include "support/fake_firewalld.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FirewallFirewalld : public FirewallTest {
protected:
    /// Leaves the choice to the plugin.
    static json keys(json more = json::object()) {
        more["backend"] = more.value("backend", json(nullptr));
        return more;
    }
    static json wanted(json more = json::object()) {
        more["backend"] = "firewalld";
        return more;
    }
    static auto holds(const Box& box) {
        return ElementsAre(box.address('4') + "/32", box.address('6') + "/128");
    }
    static std::string records() {
        return run({.argv = {"sh", "-c", "ls -A /run/cni/firewall"}}).out;
    }
    /// Nothing was made with rules, of which chains may stay.
    std::size_t count_rules(const Box& box) const {
        return count(box.address('4') + "/32") + count(box.address('6') + "/128", '6');
    }
    void expect_failure(const PluginRun& run, int code, const std::string& message) const {
        EXPECT_EQ(run.error_code(), code) << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(message));
    }
    PluginRun status(const json& more) const {
        json config = {{"cniVersion", "1.1.0"}, {"name", "net1"}, {"type", "firewall"}};
        config.merge_patch(more);
        return call("STATUS", {.container_id = {}, .netns = {}, .ifname = {}}, config);
    }
};

CNIXX_FIREWALL_WAYS(FirewallFirewalld, all_ways);

/// What it does not matter to where rules are, and takes seconds.
class FirewallBus : public FirewallFirewalld {};

constexpr Way one_way[] = {Way::nftables};
CNIXX_FIREWALL_WAYS(FirewallBus, one_way);

TEST_P(FirewallFirewalld, IsChosenWhereItRuns) {
    const FakeFirewalld firewalld;
    const Box c1("c1"), c2("c2");
    admit(c2, keys());
    admit(c1, keys());
    EXPECT_THAT(FakeFirewalld::sources(),
                ElementsAre("10.1.2.2/32", "10.1.2.3/32", "fd00:1:2::2/128", "fd00:1:2::3/128"));
    EXPECT_EQ(count_rules(c1), 0u) << rules();
    EXPECT_EQ(fault(c1, keys()), "");
    EXPECT_EQ(fault(c1, wanted()), "");
    admit(c1, keys());
    dismiss(c1);
    dismiss(c1);
    EXPECT_THAT(FakeFirewalld::sources(), holds(c2));
    EXPECT_EQ(fault(c2, keys()), "");
    dismiss(c2);
    EXPECT_THAT(FakeFirewalld::sources(), IsEmpty());
    EXPECT_EQ(records(), "");
}

TEST_P(FirewallBus, IsLeftAloneByWhoWantsRules) {
    const FakeFirewalld firewalld(BusMood::hangs);
    const Box c1("c1");
    admit(c1);
    EXPECT_EQ(fault(c1), "");
    EXPECT_TRUE(firewall("DEL", c1).ok());
    EXPECT_EQ(count_rules(c1), 0u) << rules();
}

TEST_P(FirewallFirewalld, HasTheZoneThatIsConfigured) {
    const FakeFirewalld firewalld;
    const Box c1("c1");
    admit(c1, keys({{"firewalldZone", "home"}}));
    EXPECT_THAT(FakeFirewalld::sources("home"), holds(c1));
    EXPECT_THAT(fault(c1, keys()), HasSubstr("failed to find the address 10.1.2.2/32 in trusted"));
    // Another one by now.
    admit(c1, keys());
    EXPECT_THAT(FakeFirewalld::sources("home"), IsEmpty());
    EXPECT_THAT(FakeFirewalld::sources(), holds(c1));
    dismiss(c1);
    EXPECT_THAT(FakeFirewalld::sources(), IsEmpty());
    expect_failure(firewall("ADD", c1, keys({{"firewalldZone", "nowhere"}})), 7,
                   "firewalld has no zone \"nowhere\"");
    EXPECT_EQ(records(), "");
}

TEST_P(FirewallFirewalld, PoliciesAreRules) {
    const FakeFirewalld firewalld;
    const json isolated = keys({{"ingressPolicy", "isolated"}});
    const Box a("a", 2), b("b", 2), other("c", 3);
    for (const Box* box : {&a, &b, &other}) admit(*box, isolated);
    EXPECT_EQ(fault(a, isolated), "");
    EXPECT_TRUE(is_cut_off(a, other, '4'));
    EXPECT_EQ(count("-A CNI-FORWARD -s") + count("-j CNI-FORWARD\n"), 0u) << rules();
    dismiss(a);
    EXPECT_EQ(fault(b, isolated), "");
    dismiss(b);
    EXPECT_EQ(count("cni2"), 0u) << rules();
    EXPECT_EQ(fault(other, isolated), "");
    dismiss(other);
    EXPECT_EQ(count("cni3"), 0u) << rules();
    EXPECT_THAT(FakeFirewalld::sources(), IsEmpty());
}

TEST_P(FirewallFirewalld, CheckNamesWhatIsMissing) {
    const FakeFirewalld firewalld;
    const Box c1("c1");
    admit(c1, keys());
    FakeFirewalld::forget_all();
    EXPECT_EQ(fault(c1, keys()), "failed to find the address 10.1.2.2/32 in trusted zone");
    FakeFirewalld::add("trusted", "10.1.2.2/32");
    EXPECT_EQ(fault(c1, keys()), "failed to find the address fd00:1:2::2/128 in trusted zone");
    EXPECT_THAT(FakeFirewalld::sources(), ElementsAre("10.1.2.2/32")) << "CHECK changes nothing";
    dismiss(c1);
    EXPECT_THAT(FakeFirewalld::sources(), IsEmpty());
}

TEST_P(FirewallFirewalld, WhatRulesLetThroughMovesThere) {
    const Box c1("c1");
    const json isolated = {{"ingressPolicy", "isolated"}};
    admit(c1, isolated);
    const FakeFirewalld firewalld;
    EXPECT_EQ(fault(c1, keys(isolated)), "") << "still let through";
    admit(c1, keys(isolated));
    EXPECT_EQ(fault(c1, keys(isolated)), "");
    EXPECT_EQ(count("-A CNI-FORWARD -"), way() == Way::nftables ? 0u : 1u) << rules();
    EXPECT_THAT(FakeFirewalld::sources(), holds(c1));
    admit(c1, keys());
    EXPECT_EQ(count("cni2"), 0u) << rules();
    // And back.
    admit(c1);
    EXPECT_THAT(FakeFirewalld::sources(), IsEmpty());
    EXPECT_EQ(records(), "");
    EXPECT_EQ(fault(c1), "");
}

TEST_P(FirewallFirewalld, LateDelLeavesWhoGotTheAddress) {
    const FakeFirewalld firewalld;
    const Box gone("c1"), other("c2");
    admit(gone, keys());
    const PluginRun added = call("ADD", args(other.netns), config(gone, keys()));
    ASSERT_TRUE(added.ok()) << added.report();
    EXPECT_TRUE(firewall("DEL", gone, keys()).ok());
    EXPECT_THAT(FakeFirewalld::sources(), holds(gone));
    dismiss(other);
    EXPECT_THAT(FakeFirewalld::sources(), IsEmpty());
}

TEST_P(FirewallFirewalld, WhatTheReferenceAddedGoesByAddress) {
    const FakeFirewalld firewalld;
    const Box c1("c1");
    const auto add_as_the_reference = [&](const std::string& zone) {
        for (const char family : both)
            FakeFirewalld::add(zone, c1.address(family) + (family == '4' ? "/32" : "/128"));
    };
    add_as_the_reference("trusted");
    EXPECT_EQ(fault(c1, keys()), "");
    dismiss(c1);
    EXPECT_THAT(FakeFirewalld::sources(), holds(c1)) << "nothing tells of the address";
    EXPECT_TRUE(firewall("DEL", c1, keys()).ok());
    EXPECT_THAT(FakeFirewalld::sources(), IsEmpty());
    add_as_the_reference("home");
    EXPECT_TRUE(firewall("DEL", c1, keys()).ok());
    EXPECT_THAT(FakeFirewalld::sources("home"), holds(c1)) << "somebody else's zone";
    EXPECT_TRUE(firewall("DEL", c1, wanted({{"firewalldZone", "home"}})).ok());
    EXPECT_THAT(FakeFirewalld::sources("home"), IsEmpty());
}

TEST_P(FirewallFirewalld, GcRemovesWhatIsNotValid) {
    const FakeFirewalld firewalld;
    const Box stale("c1"), valid("c2"), foreign("c3", 3);
    for (const Box* box : {&stale, &valid, &foreign}) admit(*box, keys());
    gc(stale, {"c2"});
    EXPECT_EQ(FakeFirewalld::sources().size(), 4u);
    EXPECT_EQ(fault(valid, keys()), "");
    gc(stale, {});
    EXPECT_THAT(FakeFirewalld::sources(), holds(foreign));
}

TEST_P(FirewallFirewalld, ThatIsNoLongerThereHoldsNothingUp) {
    const Box c1("c1"), c2("c2");
    {
        const FakeFirewalld firewalld;
        admit(c1, keys());
        admit(c2, keys());
    }
    dismiss(c1);
    const FakeFirewalld other(BusMood::without_firewalld);
    dismiss(c2);
    EXPECT_EQ(records(), "");
    admit(c1, keys());
    EXPECT_EQ(fault(c1), "") << "let through by rules";
    expect_failure(firewall("ADD", c2, wanted()), 11, "it does not run");
    EXPECT_TRUE(firewall("DEL", c2, wanted()).ok());
}

// Whoever leaves the choice gets rules; whoever wants firewalld is told why not.
TEST_P(FirewallBus, ABusInTroubleIsNoReasonToDoWithoutContainers) {
    const Box c1("c1");
    struct Case {
        BusMood mood;
        int code;
        std::string message;
    };
    for (const auto& [mood, code, message] :
         {Case{BusMood::hangs, 11, "does not answer"},
          Case{BusMood::is_full, 11, "connect to the bus of the system at"},
          Case{BusMood::refuses, 5, "refuses us"}, Case{BusMood::hangs_up, 0, ""},
          Case{BusMood::babbles, 6, "is no D-Bus"}}) {
        const FakeFirewalld firewalld(mood);
        const PluginRun run = firewall("ADD", c1, keys());
        EXPECT_TRUE(run.ok()) << run.report();
        EXPECT_NE(run.err, "");
        EXPECT_EQ(fault(c1), "");
        const PluginRun deleted = firewall("DEL", c1, keys());
        EXPECT_TRUE(deleted.ok()) << deleted.report();
        EXPECT_NE(deleted.err, "");
        EXPECT_EQ(count_rules(c1), 0u) << rules();
        const PluginRun insisting = firewall("ADD", c1, wanted());
        if (code != 0) expect_failure(insisting, code, message);
        EXPECT_FALSE(insisting.ok());
    }
}

TEST_P(FirewallBus, AnAddThatFailsLeavesNothingAndDelComesAgain) {
    const Box c1("c1");
    struct Case {
        BusMood mood;
        int code;
        std::string message;
    };
    for (const auto& [mood, code, message] :
         {Case{BusMood::firewalld_hangs, 11, "does not answer"},
          Case{BusMood::firewalld_refuses, 999,
               "failed to add the address 10.1.2.2/32 to trusted zone: not for "
               "you"}}) {
        const FakeFirewalld firewalld(mood);
        expect_failure(firewall("ADD", c1, keys()), code, message);
        const PluginRun held_up = firewall("DEL", c1, keys({{"prevResult", nullptr}}));
        const bool is_answered = mood == BusMood::firewalld_refuses;
        EXPECT_EQ(held_up.error_code(), is_answered ? 0 : code) << held_up.report();
    }
    {
        const FakeFirewalld firewalld(BusMood::firewalld_dies);
        EXPECT_FALSE(firewall("ADD", c1, keys()).ok());
    }
    const FakeFirewalld firewalld(BusMood::firewalld_babbles);
    EXPECT_TRUE(firewall("ADD", c1, keys()).ok());
    expect_failure(firewall("CHECK", c1, wanted()), 6, "no truth value");
    dismiss(c1);
    EXPECT_EQ(records(), "");
}

// In lockdown, or after "nft flush ruleset".
TEST_P(FirewallBus, WhatFirewalldRefusesToRemoveHoldsNoContainerUp) {
    const Box c1("c1"), c2("c2");
    const auto admit_both = [&] {
        const FakeFirewalld sound;
        admit(c1, keys());
        // It got the address of the other one, whose DEL comes late.
        const PluginRun added = call("ADD", args(c2.netns), config(c1, keys()));
        ASSERT_TRUE(added.ok()) << added.report();
    };
    const auto delete_refused = [&](const Box& box) {
        const FakeFirewalld firewalld(BusMood::firewalld_fails);
        const PluginRun deleted = firewall("DEL", box, keys({{"prevResult", nullptr}}));
        EXPECT_TRUE(deleted.ok()) << deleted.report();
        return deleted.err;
    };
    {
        const FakeFirewalld sound;
        admit(c1, keys());
    }
    EXPECT_THAT(delete_refused(c1),
                HasSubstr("remove the address 10.1.2.2/32 from trusted zone: COMMAND_FAILED: "
                          "'python-nftables' failed: left for GC"));
    EXPECT_THAT(FakeFirewalld::sources(), ElementsAre("10.1.2.2/32")) << "the other one is gone";
    EXPECT_NE(records(), "");
    admit_both();
    delete_refused(c1);
    {
        const FakeFirewalld sound;
        EXPECT_THAT(FakeFirewalld::sources(), holds(c1)) << "the second one has it";
        dismiss(c2);
        EXPECT_THAT(FakeFirewalld::sources(), IsEmpty()) << "who is gone needs nothing";
        gc(c1, {});
        EXPECT_EQ(records(), "");
    }
}

TEST_P(FirewallFirewalld, StatusAsksForIt) {
    expect_failure(status({{"backend", "firewalld"}}), 50, "it does not run");
    const PluginRun without = status(json::object());
    EXPECT_TRUE(without.ok()) << without.report();
    const FakeFirewalld firewalld;
    for (const json& each : {json::object(), wanted(), wanted({{"ingressPolicy", "isolated"}})})
        EXPECT_TRUE(status(each).ok()) << each;
    expect_failure(status(wanted({{"firewalldZone", "nowhere"}})), 7,
                   "firewalld has no zone \"nowhere\"");
}

TEST_P(FirewallBus, TheBusIsWhereTheEnvironmentSays) {
    const FakeFirewalld firewalld(BusMood::sound, "/run/my bus");
    const Box c1("c1");
    PluginArgs there = args(c1.netns);
    const auto add_by = [&](const std::string& address) {
        there.environment = {cat("DBUS_SYSTEM_BUS_ADDRESS=", address)};
        return call("ADD", there, config(c1, wanted()));
    };
    for (const char* none : {"unix:path=/run/other", "unix:abstract=/run/my bus",
                             "unixexec:path=/bin/false", "unix:path=%zz", "x"})
        expect_failure(add_by(none), 11, "it does not run");
    const PluginRun run = add_by("tcp:host=x;unix:guid=1,path=/run/my%20bus");
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(FakeFirewalld::sources(), holds(c1));
    EXPECT_TRUE(call("DEL", there, config(c1, wanted())).ok());
    EXPECT_THAT(FakeFirewalld::sources(), IsEmpty());
}

TEST_P(FirewallBus, AGarbledRecordIsNone) {
    const FakeFirewalld firewalld;
    const Box c1("c1");
    admit(c1, keys());
    output_of({"sh", "-ec", "for f in /run/cni/firewall/*; do echo { > $f; done"});
    const PluginRun run = firewall("DEL", c1, keys());
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("is garbled"));
    EXPECT_THAT(FakeFirewalld::sources(), IsEmpty());
    EXPECT_EQ(records(), "");
}

// The bus that hosts have.
TEST_P(FirewallBus, TalksToTheBusOfTheDistribution) {
    if (!run({.argv = {"sh", "-c", "command -v dbus-daemon"}}).ok())
        GTEST_SKIP() << "needs the package dbus-daemon";
    const Process bus = start_bus();
    const auto firewalld = FakeFirewalld::on_bus("/run/dbus/system_bus_socket");
    const Box c1("c1");
    admit(c1, wanted());
    EXPECT_THAT(FakeFirewalld::sources(), holds(c1));
    EXPECT_EQ(fault(c1, keys()), "");
    expect_failure(firewall("CHECK", c1, wanted({{"firewalldZone", "home"}})), 999,
                   "failed to find the address 10.1.2.2/32 in home zone");
    dismiss(c1);
    EXPECT_THAT(FakeFirewalld::sources(), IsEmpty());
}

}  // namespace
}  // namespace cni::test
