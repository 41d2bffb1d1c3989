// A daemon that is ended, one way or the other, and the next one.
#include <list>
#include <map>

#include "fixture.h"

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

class DhcpCrowd : public DhcpTest {
protected:
    static int size() {
        const char* text = std::getenv("CNIXX_LEASES");
        return text ? std::atoi(text) : 20;
    }
    struct Member {
        std::unique_ptr<TestNetns> netns;
        std::string address;
    };
};

// Each round the daemon is killed while containers come and go.
TEST_F(DhcpCrowd, NoLeaseIsLostOrGivenTwiceWhenTheDaemonIsKilled) {
    const Process server = start_dnsmasq();
    auto daemon = std::make_unique<Process>(start_daemon());
    std::list<Member> members;
    const json config = network();
    for (int round = 0; round < 4; ++round) {
        std::list<Member> fresh;
        for (int i = 0; i < size() / 4; ++i)
            fresh.push_back({std::make_unique<TestNetns>(cat("c", round, "x", i)), ""});
        std::thread killer([&] {
            const timespec pause{.tv_sec = 0, .tv_nsec = 700'000'000};
            ::nanosleep(&pause, nullptr);
            daemon->signal(SIGKILL);
        });
        for (Member& member : fresh) {
            const PluginRun run = call("ADD", *member.netns, config);
            if (run.ok())
                member.address = run.json()["ips"][0]["address"];
            else
                del(*member.netns, config);
        }
        killer.join();
        daemon->wait();
        daemon = std::make_unique<Process>(start_daemon());
        members.splice(members.end(), fresh, fresh.begin(), fresh.end());
    }
    std::map<std::string, int> holders;
    for (const Member& member : members) {
        if (member.address.empty()) continue;
        ++holders[member.address];
        EXPECT_THAT(addresses(*member.netns), ElementsAre(member.address));
        const json result = {{"ips", {{{"address", member.address}}}}};
        const PluginRun run = dhcp("CHECK", *member.netns, recorded(config, result));
        EXPECT_TRUE(run.ok()) << run.report();
    }
    for (const auto& [address, count] : holders) EXPECT_EQ(count, 1) << address;
    for (const Member& member : members) del(*member.netns, config);
    EXPECT_EQ(output_of({"ls", cat(socket_path(), ".leases")}), "");
}

}  // namespace
}  // namespace cni::test
