#include "support/dhcp_client6_fixture.h"

namespace cni::dhcp {
namespace {

// ---------------------------------------------------------------- times

TEST_F(DhcpClient6, TimesAreThoseOfTheServerOrShares) {
    const auto bound = [this](const Terms& terms) {
        start(100);
        return receive(100, Type6::reply, {one_address("fd00::5", terms), {option6::rapid_commit}})
            .substr(std::string_view("bound fd00::5 of a 100 ").size());
    };
    constexpr std::uint32_t for_ever = 0xffffffff;
    EXPECT_EQ(bound({1000, 2000, 300, 400}), "400 500 1100 2100");
    EXPECT_EQ(bound({1000, 2000, 300, 0}), "400 900 1100 2100");
    EXPECT_EQ(bound({1000, 2000, 900, 0}), "1000 1000 1100 2100");
    EXPECT_EQ(bound({1000, 2000, 0, 100}), "600 600 1100 2100");
    EXPECT_EQ(bound({1000, 2000, 1500, 1600}), "600 900 1100 2100") << "too late";
    EXPECT_EQ(bound({1000, 2000, for_ever, for_ever}), "600 900 1100 2100");
    EXPECT_EQ(bound({0, 2000, 0, 0}), "1100 1700 100 2100") << "deprecated";
    EXPECT_EQ(bound({for_ever, for_ever, 0, 0}), "never never never never");
    EXPECT_EQ(bound({for_ever, for_ever, 10, 20}), "130 130 never never");
    EXPECT_EQ(bound({40, 40, 1, 30}), "120 130 140 140") << "half of it at least";
    EXPECT_EQ(bound({1000, for_ever, 0, 0}), "600 900 1100 never");
    EXPECT_EQ(bound({1, 1, 0, 0}), "101 101 101 101");
}

TEST_F(DhcpClient6, TheWishedAddressOfSeveralIsTaken) {
    const Lease6 earlier = lease();
    client_.reset();
    EXPECT_EQ(told(client().reclaim(at(2000), earlier)), "SOLICIT fd00::5");
    const Options6 three = {
        ia_option({address_option("fd00::3", {.preferred = 0, .valid = 0}),
                   address_option("fd00::4", {}), address_option("fd00::5", {})}),
        {option6::rapid_commit}};
    EXPECT_EQ(receive(2000, Type6::reply, three), "bound fd00::5 of a 2000 2500 2800 3000 4000");
    start(0);
    EXPECT_EQ(receive(0, Type6::reply, three), "bound fd00::4 of a 0 500 800 1000 2000");
}

// ---------------------------------------------------------------- keeping it

TEST_F(DhcpClient6, IsRenewedThenReboundThenLost) {
    bind();
    EXPECT_EQ(deadline(), "500");
    EXPECT_EQ(tick(499), "");
    EXPECT_EQ(tick(500), "RENEW fd00::5 of a");
    EXPECT_EQ(client().state(), State6::renewing);
    EXPECT_EQ(last_.options.size(), 5u);
    EXPECT_EQ(tick(520), "RENEW fd00::5 of a after 2000");
    for (double now = 600; now < 800; now += 50) tick(now);
    EXPECT_EQ(deadline(), "800");
    EXPECT_EQ(tick(800), "REBIND fd00::5");
    EXPECT_EQ(client().state(), State6::rebinding);
    for (double now = 900; now < 2000; now += 100) tick(now);
    EXPECT_EQ(deadline(), "2000");
    EXPECT_EQ(tick(2000), "lost: the lease of fd00::5 has expired; SOLICIT fd00::5");
    EXPECT_EQ(client().lease(), std::nullopt);
}

TEST_F(DhcpClient6, ARenewalIsOfItsServerAndARebindingOfAny) {
    bind();
    tick(500);
    EXPECT_EQ(receive(500, Type6::reply, {one_address("fd00::5")}, server_b), "");
    EXPECT_EQ(receive(500, Type6::reply, {one_address("fd00::5")}),
              "bound fd00::5 of a 500 1000 1300 1500 2500");
    tick(1300);
    EXPECT_EQ(receive(1300, Type6::reply, {one_address("fd00::5")}, server_b),
              "bound fd00::5 of b 1300 1800 2100 2300 3300");
}

TEST_F(DhcpClient6, AnotherAddressOnRenewalReplacesTheOldOne) {
    bind();
    tick(500);
    EXPECT_EQ(receive(500, Type6::reply,
                      {ia_option({address_option("fd00::5", {0, 0}),
                                  address_option("fd00::6", {1000, 2000})})}),
              "bound fd00::6 of a 500 1000 1300 1500 2500");
}

TEST_F(DhcpClient6, AnotherAddressThatSomebodyHasLeavesTheLease) {
    config_.probes = 1;
    client_.reset();
    start(0);
    receive(0, Type6::reply, {one_address("fd00::5"), {option6::rapid_commit}});
    tick(1);
    tick(500);
    EXPECT_EQ(receive(500, Type6::reply, {one_address("fd00::6")}), "PROBE fd00::6");
    EXPECT_EQ(told(client().receive(at(500), Neighbor{ip("fd00::6")})),
              "DECLINE fd00::6 of a; note: address fd00::6 is in use by another host");
    EXPECT_EQ(client().lease()->address, ip("fd00::5"));
    EXPECT_EQ(client().state(), State6::bound);
    EXPECT_EQ(deadline(), "650");
    EXPECT_EQ(tick(650), "RENEW fd00::5 of a");
    EXPECT_EQ(receive(650, Type6::reply, {one_address("fd00::6")}), "PROBE fd00::6");
    told(client().receive(at(790), Neighbor{ip("fd00::6")}));
    EXPECT_EQ(deadline(), "800");
    EXPECT_EQ(tick(800), "REBIND fd00::5");
}

TEST_F(DhcpClient6, NothingIsKeptOfAnAnswerButWhatIsOfUse) {
    const Bytes servers(20 * 16, 0xfd);
    start(0);
    receive(0, Type6::reply,
            {one_address("fd00::5"),
             {option6::rapid_commit},
             {999, Bytes(60000, 1)},
             {option6::dns_servers, servers},
             {option6::domain_list, Bytes(60000, 1)}});
    const Options6 kept = {{option6::dns_servers, Bytes(16 * 16, 0xfd)}};
    EXPECT_EQ(client().lease()->options, kept);
}

TEST_F(DhcpClient6, ALostLeaseIsLookedForForEver) {
    config_.patience = std::chrono::seconds(1);
    client_.reset();
    EXPECT_EQ(told(client().resume(at(0))), "SOLICIT any");
    client().hear_of_unmanaged();
    for (double now = 1; now < 10000; now += 10)
        EXPECT_EQ(tick(now).find("failed"), std::string::npos);
    EXPECT_EQ(client().state(), State6::soliciting);
}

TEST_F(DhcpClient6, AnAddressThatIsTakenAwayIsLost) {
    bind();
    tick(500);
    EXPECT_EQ(receive(500, Type6::reply, {one_address("fd00::6", {0, 0})}), "") << "another one";
    EXPECT_EQ(receive(500, Type6::reply, {one_address("fd00::5", {0, 0})}),
              "lost: the server takes the address fd00::5 away; SOLICIT any");
}

TEST_F(DhcpClient6, WhatIsWrongWithARenewalLeavesTheLease) {
    bind();
    tick(500);
    for (const Options6& options :
         {Options6{}, Options6{ia_option({})}, Options6{one_address("fe80::1")},
          Options6{{option6::status_code, status(Status6::unspecified_failure)}},
          Options6{one_address("fd00::5", {0, 0}), {option6::status_code, {}}},
          Options6{ia_option({{option6::status_code, status(Status6::no_addresses_available)}})}})
        EXPECT_EQ(receive(500, Type6::reply, options), "");
    EXPECT_EQ(client().state(), State6::renewing);
    EXPECT_NE(client().lease(), std::nullopt);
}

TEST_F(DhcpClient6, AServerThatHasForgottenIsAskedAnewWhileTheLeaseLasts) {
    const Options6 forgotten = {ia_option({{option6::status_code, status(Status6::no_binding)}})};
    bind();
    tick(800);
    EXPECT_EQ(receive(800, Type6::reply, forgotten, server_b), "REQUEST fd00::5 of b");
    EXPECT_NE(client().lease(), std::nullopt);
    EXPECT_EQ(receive(801, Type6::reply, {one_address("fd00::5")}, server_b),
              "bound fd00::5 of b 800 1300 1600 1800 2800");
    tick(1300);
    receive(1300, Type6::reply, forgotten, server_b);
    EXPECT_EQ(tick(2800), "lost: the lease of fd00::5 has expired");
    EXPECT_EQ(client().state(), State6::requesting);
    EXPECT_EQ(receive(2800, Type6::reply, forgotten, server_b),
              "note: the server refuses: NoBinding; SOLICIT any");
}

TEST_F(DhcpClient6, AnUnlimitedLeaseIsLeftAlone) {
    start(0);
    receive(0, Type6::reply,
            {one_address("fd00::5", {0xffffffff, 0xffffffff}), {option6::rapid_commit}});
    EXPECT_EQ(deadline(), "none");
    EXPECT_EQ(tick(1e9), "");
}

// ---------------------------------------------------------------- an earlier lease

TEST_F(DhcpClient6, AnEarlierLeaseThatFitsTheLinkIsUsed) {
    const Lease6 earlier = lease();
    for (const Options6& options :
         {Options6{}, Options6{{option6::status_code, status(Status6::success)}}}) {
        client_.reset();
        told(client().reclaim(at(100), earlier));
        EXPECT_EQ(receive(100, Type6::reply, options, server_b),
                  "bound fd00::5 of a 0 500 800 1000 2000");
        EXPECT_EQ(deadline(), "500");
    }
}

TEST_F(DhcpClient6, AnEarlierLeaseThatDoesNotFitIsForgotten) {
    const Lease6 earlier = lease();
    client_.reset();
    told(client().reclaim(at(100), earlier));
    EXPECT_EQ(
        receive(100, Type6::reply, {{option6::status_code, status(Status6::unspecified_failure)}}),
        "");
    EXPECT_EQ(receive(100, Type6::reply, {{option6::status_code, status(Status6::not_on_link)}}),
              "note: the address fd00::5 does not belong to this link; SOLICIT any");
}

TEST_F(DhcpClient6, WhereNobodyAnswersAnEarlierLeaseFits) {
    const Lease6 earlier = lease();
    client_.reset();
    told(client().reclaim(at(100), earlier));
    std::string last;
    double now = 100;
    while (client().state() == State6::confirming && now < 200) {
        now = static_cast<double>(client().deadline()->time_since_epoch().count()) / 1000;
        last = tick(now);
    }
    EXPECT_EQ(now, 110);
    EXPECT_EQ(last, "bound fd00::5 of a 0 500 800 1000 2000");
}

TEST_F(DhcpClient6, AnEarlierLeaseThatEndsMeanwhileIsAWish) {
    const Lease6 earlier = lease();
    for (const double now : {2000, 2500}) {
        client_.reset();
        told(client().reclaim(at(1999), earlier));
        EXPECT_EQ(receive(now, Type6::reply, {}), "SOLICIT fd00::5");
    }
}

TEST_F(DhcpClient6, ALeaseThatIsOverWhenItComesIsNone) {
    start(0);
    EXPECT_EQ(receive(2000, Type6::reply, {one_address("fd00::5"), {option6::rapid_commit}}), "");
    EXPECT_EQ(client().state(), State6::soliciting);
}

TEST_F(DhcpClient6, ALeaseIsKeptAsIfNothingHadHappened) {
    const Lease6 earlier = lease();
    const std::pair<double, std::string> cases[] = {
        {100, ""},
        {500, "RENEW fd00::5 of a"},
        {800, "REBIND fd00::5"},
        {2000, "lost: the lease of fd00::5 has expired; SOLICIT fd00::5"}};
    for (const auto& [now, expected] : cases) {
        client_.reset();
        EXPECT_EQ(told(client().resume(at(now), earlier)), expected);
    }
}

}  // namespace
}  // namespace cni::dhcp
