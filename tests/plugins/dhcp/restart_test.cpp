// A daemon that is ended, one way or the other, and the next one.
#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "fixture.h"
#include "support/fault.h"

namespace cni::test {
namespace {

using dhcp::Type4;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using DhcpRestart = ScriptedDhcpTest;

TEST_F(DhcpRestart, LeasesAreRenewedByTheNextDaemon) {
    for (const int signal : {SIGTERM, SIGKILL}) {
        server().set({.lease = 12, .rebind = 11});
        const TestNetns c("c1");
        const json result = add(c, network());
        server().await(Type4::request);
        restart_daemon(signal);
        const auto renewal = server().await(Type4::request);
        EXPECT_EQ(renewal.source.to_string(), "10.1.2.50");
        EXPECT_FALSE(renewal.was_broadcast);
        expect_sound(c, network(), result);
        del(c, network());
        EXPECT_EQ(server().await(Type4::release).source.to_string(), "10.1.2.50");
    }
    EXPECT_EQ(server().count(Type4::discover), 2u);
}

TEST_F(DhcpRestart, WhatEndedMeanwhileIsTakenFromTheInterface) {
    server().set({.lease = 3, .renew = 1, .rebind = 2});
    const TestNetns c("c1");
    add(c, network());
    server().set({.is_silent = true});
    daemon().signal(SIGSTOP);
    ::sleep(4);
    restart_daemon(SIGKILL);
    EXPECT_TRUE(comes_true([&] { return addresses(c).empty(); }));
    server().set({});
    EXPECT_TRUE(comes_true([&] { return !addresses(c).empty(); }));
}

TEST_F(DhcpRestart, WhatIsGoneIsForgotten) {
    const TestNetns keeps("c1"), loses("c2");
    {
        const TestNetns goes("c3");
        int last = 50;
        for (const TestNetns* c : {&keeps, &loses, &goes}) {
            server().set({.address = {*Ip::parse(cat("10.1.2.", last++)), 24}});
            add(*c, network());
        }
    }
    loses.output_of({"ip", "link", "del", "eth0"});
    output_of({"sh", "-c", cat("echo '{}' > ", socket_path(), ".leases/0123")});
    restart_daemon(SIGKILL);
    EXPECT_THAT(dhcp("CHECK", loses, network()).error_message(), HasSubstr("there is no lease"));
    EXPECT_EQ(split(trim(output_of({"ls", cat(socket_path(), ".leases")})), '\n').size(), 1u);
}

TEST_F(DhcpRestart, CallsInProgressAreToldSo) {
    server().set({.is_silent = true});
    const TestNetns c("c1");
    std::optional<PluginRun> run;
    std::thread adding([&] { run = call("ADD", c, network()); });
    server().await(Type4::discover);
    restart_daemon(SIGTERM);
    adding.join();
    EXPECT_THAT(run->error_message(), HasSubstr("the DHCP daemon is stopping"));
    EXPECT_EQ(link(c, "eth0"), nullptr);
}

/// A daemon that is killed, at moments that CNIXX_FAULT_SEED chooses, while containers come and go,
/// several at once. CNIXX_LEASES is how many.
class DhcpCrowd : public DhcpTest {
protected:
    struct Member {
        std::unique_ptr<TestNetns> netns;
        json addresses = json::array();  ///< as ADD told them
    };
    using Members = std::vector<Member>;
    static constexpr int rounds = 4;

    json config() const { return network({{"cniVersion", "1.1.0"}}, {{"family", "both"}}); }

    Members make_members(int round) const {
        constexpr int usual_size = 20;
        Members fresh;
        for (int i = 0; i < number_from("CNIXX_LEASES", usual_size) / rounds; ++i)
            fresh.push_back({std::make_unique<TestNetns>(cat("c", round, "x", i))});
        return fresh;
    }
    /// As a runtime does: what failed is removed, if that can be done now, and tried again.
    void attach(Member& member) const {
        EXPECT_TRUE(comes_true([&] {
            const PluginRun run = call("ADD", *member.netns, config());
            if (run.ok())
                member.addresses = run.json()["ips"];
            else
                call("DEL", *member.netns, config());
            return run.ok();
        }));
    }
    /// Four at once.
    void attach_all(Members& members) const {
        constexpr std::size_t crew = 4;
        std::vector<std::jthread> threads;
        for (std::size_t first = 0; first < crew; ++first)
            threads.emplace_back([&members, first, this] {
                for (std::size_t i = first; i < members.size(); i += crew) attach(members[i]);
            });
    }
    void kill_after(std::chrono::milliseconds pause) {
        std::this_thread::sleep_for(pause);
        daemon_->signal(SIGKILL);
        daemon_->wait();
        daemon_.reset();
        daemon_.emplace(start_daemon());
    }
    void expect_whole(const Member& member) const {
        const json result = {{"ips", member.addresses}};
        const PluginRun run = dhcp("CHECK", *member.netns, recorded(config(), result));
        EXPECT_TRUE(run.ok()) << run.report();
    }
    static std::vector<std::string> ips_of(const Members& members) {
        std::vector<std::string> ips;
        for (const Member& member : members)
            for (const json& each : member.addresses) {
                const std::string address = each["address"];
                ips.push_back(address.substr(0, address.find('/')));
            }
        std::sort(ips.begin(), ips.end());
        return ips;
    }

    std::optional<Process> daemon_;
};

TEST_F(DhcpCrowd, NoLeaseIsLostOrGivenTwiceWhenTheDaemonIsKilled) {
    const Process server =
        start_dnsmasq({"--dhcp-range=fd00:1:2::100,fd00:1:2::1fff,64,1h", "--dhcp-lease-max=1000"});
    daemon_.emplace(start_daemon());
    std::mt19937 random(static_cast<unsigned>(number_from("CNIXX_FAULT_SEED", 0)));
    Members members;
    for (int round = 0; round < rounds; ++round) {
        Members fresh = make_members(round);
        std::jthread attaching([&] { attach_all(fresh); });
        // An ADD takes half a second.
        kill_after(std::chrono::milliseconds(random() % (150 * fresh.size() + 1)));
        attaching.join();
        std::move(fresh.begin(), fresh.end(), std::back_inserter(members));
    }
    for (const Member& member : members) expect_whole(member);
    const auto ips = ips_of(members);
    EXPECT_EQ(std::adjacent_find(ips.begin(), ips.end()), ips.end()) << "given twice";
    EXPECT_THAT(given(), ::testing::IsSupersetOf(ips));
    EXPECT_EQ(ips.size(), 2 * members.size());
    for (const Member& member : members) del(*member.netns, config());
    EXPECT_EQ(output_of({"ls", cat(socket_path(), ".leases")}), "");
    const auto kept = [&] {
        std::vector<std::string> both;
        std::ranges::set_intersection(ips, given(), std::back_inserter(both));
        return both;
    };
    EXPECT_TRUE(comes_true([&] { return kept().empty(); })) << join(kept(), " ");
}

}  // namespace
}  // namespace cni::test
