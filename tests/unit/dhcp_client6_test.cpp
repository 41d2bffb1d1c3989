#include <gmock/gmock.h>

#include "support/dhcp_client6_fixture.h"

namespace cni::dhcp {
namespace {

using std::chrono::seconds;

// ---------------------------------------------------------------- messages

TEST_F(DhcpClient6, SolicitsWithWhatItWants) {
    config_.options = {{option6::rapid_commit, {1}}, {option6::server_id, {1}}, {15, {9}}};
    random_ = 0xff010203;
    start(0);
    EXPECT_EQ(last_, (Message6{Type6::solicit,
                               0x010203,
                               {{option6::client_id, duid},
                                {option6::ia_na, {0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0}},
                                {option6::elapsed_time, {0, 0}},
                                {option6::rapid_commit},
                                {option6::option_request, {0, 23, 0, 24, 0, 82}},
                                {15, {9}}}}));
}

TEST_F(DhcpClient6, RequestsWhatWasAdvertised) {
    begin_to_request();
    EXPECT_EQ(last_.options, (Options6{{option6::client_id, duid},
                                       {option6::server_id, server_a},
                                       make_ia(ia, ip("fd00::5")),
                                       {option6::elapsed_time, {0, 0}},
                                       {option6::option_request, {0, 23, 0, 24, 0, 82}}}));
    EXPECT_EQ(receive(1, Type6::reply, {one_address("fd00::5"), {23, {1, 2}}}),
              "bound fd00::5 of a 0 500 800 1000 2000");
    EXPECT_EQ(client().lease()->options, (Options6{{23, {1, 2}}}));
}

TEST_F(DhcpClient6, ConfirmsWithoutAskingForMore) {
    const Lease6 earlier = lease();
    client_.reset();
    EXPECT_EQ(told(client().reclaim(at(100), earlier)), "CONFIRM fd00::5");
    EXPECT_EQ(last_.options, (Options6{{option6::client_id, duid},
                                       make_ia(ia, ip("fd00::5")),
                                       {option6::elapsed_time, {0, 0}}}));
}

TEST_F(DhcpClient6, GivesBackByServerAndAddress) {
    bind();
    EXPECT_EQ(told(client().release(at(1))), "RELEASE fd00::5 of a");
    EXPECT_EQ(last_.options, (Options6{{option6::client_id, duid},
                                       {option6::server_id, server_a},
                                       make_ia(ia, ip("fd00::5")),
                                       {option6::elapsed_time, {0, 0}}}));
    EXPECT_EQ(client().state(), State6::stopped);
    EXPECT_EQ(deadline(), "none");
    EXPECT_EQ(told(client().release(at(1))), "");
}

// ---------------------------------------------------------------- who else has the address

class DhcpClient6Probes : public DhcpClient6 {
protected:
    DhcpClient6Probes() {
        config_.probes = 2;
        start(0);
    }
    std::string reply(double now) {
        return receive(now, Type6::reply, {one_address("fd00::5"), {option6::rapid_commit}});
    }
    std::string hear(double now, const char* address) {
        return told(client().receive(at(now), Neighbor{ip(address)}));
    }
};

TEST_F(DhcpClient6Probes, UsesWhatNobodyHas) {
    EXPECT_EQ(reply(0), "PROBE fd00::5");
    EXPECT_EQ(hear(0, "fd00::6"), "");
    EXPECT_EQ(tick(0.05), "");
    EXPECT_EQ(tick(0.1), "PROBE fd00::5");
    EXPECT_FALSE(client().lease());
    EXPECT_EQ(tick(0.2), "bound fd00::5 of a 0 500 800 1000 2000");
    EXPECT_EQ(hear(1, "fd00::5"), "");
}

TEST_F(DhcpClient6Probes, DeclinesWhatSomebodyHas) {
    reply(0);
    EXPECT_EQ(hear(0, "fd00::5"),
              "DECLINE fd00::5 of a; note: address fd00::5 is in use by another host; SOLICIT any");
    EXPECT_EQ(client().state(), State6::soliciting);
}

TEST_F(DhcpClient6Probes, GivesBackWhatItHasNotUsedYet) {
    reply(0);
    EXPECT_EQ(told(client().release(at(0))), "RELEASE fd00::5 of a");
}

TEST_F(DhcpClient6Probes, DoesNotAskAgainForWhatIsRenewed) {
    reply(0);
    tick(0.1);
    tick(0.2);
    EXPECT_EQ(tick(500), "RENEW fd00::5 of a");
    EXPECT_EQ(receive(500, Type6::reply, {one_address("fd00::5")}),
              "bound fd00::5 of a 500 1000 1300 1500 2500");
    tick(1000);
    EXPECT_EQ(receive(1000, Type6::reply, {one_address("fd00::6")}), "PROBE fd00::6");
    EXPECT_EQ(client().lease()->address, ip("fd00::5"));
}

// ---------------------------------------------------------------- looking for a server

TEST_F(DhcpClient6, WaitsTwiceAsLongEachTimeAndATenthMoreOrLess) {
    const auto constant = [this](std::uint32_t number) {
        client_.emplace(config_, [number] { return number; });
    };
    constant(200);
    start(0);
    EXPECT_EQ(deadline(), "1.100");
    constant(0);
    start(0);
    EXPECT_EQ(deadline(), "1.001") << "the first one never less than a second";
    EXPECT_EQ(tick(1.001), "SOLICIT any after 100");
    EXPECT_EQ(deadline(), "2.903");
    tick(2.903);
    EXPECT_EQ(deadline(), "6.517");
    for (int i = 0; i < 30; ++i) tick(10000 * (i + 1));
    EXPECT_EQ(deadline(), "303240") << "an hour, less a tenth";
    EXPECT_EQ(tick(303240), "SOLICIT any after 65535");
}

TEST_F(DhcpClient6, ServersMaySayHowLongItWaits) {
    const auto waits = [this](const Bytes& told) {
        client_.emplace(config_, [] { return 0u; });
        start(0);
        receive(0, Type6::advertise, {{option6::sol_max_rt, told}});
        for (int i = 0; i < 30; ++i) tick(10000 * (i + 1));
        return deadline();
    };
    EXPECT_EQ(waits({0, 0, 0, 60}), "300054");
    EXPECT_EQ(waits({0, 0, 0, 59}), "303240");
    EXPECT_EQ(waits({0, 1, 0x51, 0x81}), "303240");
    EXPECT_EQ(waits({60}), "303240");
}

TEST_F(DhcpClient6, TheMostPreferredOfThoseThatAnswerInTimeIsChosen) {
    start(0);
    EXPECT_EQ(receive(0.1, Type6::advertise, {one_address("fd00::a")}), "");
    EXPECT_EQ(receive(0.2, Type6::advertise, {one_address("fd00::b"), {option6::preference, {1}}},
                      server_b),
              "");
    EXPECT_EQ(receive(0.3, Type6::advertise, {one_address("fd00::a"), {option6::preference, {1}}}),
              "");
    EXPECT_EQ(tick(1.1), "REQUEST fd00::b of b");
}

TEST_F(DhcpClient6, WhoeverAnswersLaterIsChosenAtOnce) {
    start(0);
    tick(1.1);
    EXPECT_EQ(receive(1.2, Type6::advertise, {one_address("fd00::b")}, server_b),
              "REQUEST fd00::b of b");
}

TEST_F(DhcpClient6, AdvertisementsWithoutAnAddressDoNotCount) {
    config_.patience = seconds(5);
    for (const Options6& options :
         {Options6{}, Options6{ia_option({})},
          Options6{ia_option({{option6::status_code, status(Status6::no_addresses_available)}})},
          Options6{one_address("fd00::5"),
                   {option6::status_code, status(Status6::no_addresses_available)}},
          Options6{ia_option({address_option("fd00::5", {})}, {}, ia + 1)},
          Options6{one_address("fe80::5")}, Options6{one_address("ff02::1")},
          Options6{one_address("::")}, Options6{one_address("::1")},
          Options6{one_address("fd00::5", {.preferred = 0, .valid = 0})},
          Options6{one_address("fd00::5", {.preferred = 2001})},
          Options6{one_address("fd00::5", {.renew = 20, .rebind = 10})},
          Options6{ia_option({address_option(
              "fd00::5", {}, {{option6::status_code, status(Status6::not_on_link)}})})}}) {
        start(0);
        Options6 preferred = options;
        preferred.push_back({option6::preference, {255}});
        EXPECT_EQ(receive(0, Type6::advertise, preferred), "");
        EXPECT_EQ(client().state(), State6::soliciting);
    }
    receive(0, Type6::advertise,
            {ia_option({{option6::status_code, status(Status6::no_addresses_available)}})});
    EXPECT_EQ(tick(5), "failed: no more tries: NoAddrsAvail");
    EXPECT_EQ(client().state(), State6::stopped);
}

TEST_F(DhcpClient6, PatienceEnds) {
    config_.patience = seconds(5);
    start(0);
    tick(4);
    EXPECT_EQ(deadline(), "5");
    EXPECT_EQ(tick(5), "failed: no more tries: no server has answered");
    EXPECT_EQ(deadline(), "none");
}

TEST_F(DhcpClient6, OthersAnswersAreIgnored) {
    start(0);
    const auto refused = [&](auto change) {
        Message6 message =
            answer(Type6::advertise, {one_address("fd00::5"), {option6::preference, {255}}});
        change(message);
        EXPECT_EQ(receive(0, message), "");
    };
    refused([](Message6& message) { ++message.transaction; });
    refused([](Message6& message) { message.options[0].value = {0, 4, 2}; });
    refused([](Message6& message) { message.options[0].code = 99; });
    refused([](Message6& message) { message.options[1].code = 99; });
    refused([](Message6& message) { message.options[1].value = {}; });
    refused([](Message6& message) { message.options[1].value = Bytes(131); });
    for (const auto type : {Type6::solicit, Type6::request, Type6::reply, Type6::renew})
        refused([&](Message6& message) { message.type = type; });
    EXPECT_EQ(receive(0, Type6::advertise, {one_address("fd00::5"), {option6::preference, {255}}}),
              "REQUEST fd00::5 of a");
    EXPECT_EQ(receive(0, Type6::reply, {one_address("fd00::5")}, server_b), "");
    EXPECT_EQ(receive(0, Type6::advertise, {one_address("fd00::5")}), "");
}

// ---------------------------------------------------------------- a server was chosen

TEST_F(DhcpClient6, AServerThatIsSilentIsLeft) {
    begin_to_request();
    const Message6 request = last_;
    for (int i = 0; i < 9; ++i) {
        EXPECT_NE(tick(100 * (i + 1)), "");
        EXPECT_EQ(last_.type, Type6::request);
        EXPECT_EQ(last_.transaction, request.transaction);
    }
    EXPECT_EQ(tick(1000), "SOLICIT any");
    EXPECT_NE(last_.transaction, request.transaction);
}

TEST_F(DhcpClient6, AServerThatHasTooMuchToDoIsAskedAgain) {
    begin_to_request();
    EXPECT_EQ(
        receive(0, Type6::reply, {{option6::status_code, status(Status6::unspecified_failure)}}),
        "");
    EXPECT_EQ(client().state(), State6::requesting);
    EXPECT_EQ(tick(1.1), "REQUEST fd00::5 of a after 110");
}

TEST_F(DhcpClient6, AServerThatRefusesIsLeft) {
    const std::pair<Options6, std::string> cases[] = {
        {{{option6::status_code, status(Status6::not_on_link)}}, "NotOnLink"},
        {{ia_option({{option6::status_code, status(Status6::no_addresses_available)}})},
         "NoAddrsAvail"},
        {{}, "nothing is said of the interface"},
        {{ia_option({})}, "there is no address that a host can have"}};
    for (const auto& [options, reason] : cases) {
        client_.reset();
        begin_to_request();
        EXPECT_EQ(receive(0, Type6::reply, options),
                  cat("note: the server refuses: ", reason, "; SOLICIT any"));
        receive(0, Type6::advertise, {one_address("fd00::5"), {option6::preference, {255}}});
        receive(0, Type6::reply, options);
        EXPECT_EQ(client().state(), State6::paused) << "the second time";
        EXPECT_EQ(tick(1.25), "SOLICIT any");
    }
}

// ---------------------------------------------------------------- what routers say

TEST_F(DhcpClient6, GivesUpSoonWhereRoutersSayThatThereIsNoServer) {
    start(0);
    EXPECT_EQ(tick(1.9), "SOLICIT any after 190");
    client().hear_of_unmanaged();
    EXPECT_EQ(tick(6), "SOLICIT any after 600");
    EXPECT_THAT(tick(16), ::testing::HasSubstr("routers say that there is none"));
    EXPECT_EQ(deadline(), "none");
}

TEST_F(DhcpClient6, TakesALeaseWhateverRoutersSay) {
    start(0);
    client().hear_of_unmanaged();
    EXPECT_EQ(receive(0, Type6::reply, {one_address("fd00::5"), {option6::rapid_commit}}),
              "bound fd00::5 of a 0 500 800 1000 2000");
    EXPECT_EQ(tick(2000), "lost: the lease of fd00::5 has expired; SOLICIT fd00::5");
    for (double now = 2100; now < 100'000; now *= 2)
        EXPECT_THAT(tick(now), ::testing::StartsWith("SOLICIT fd00::5"));
}

}  // namespace
}  // namespace cni::dhcp
