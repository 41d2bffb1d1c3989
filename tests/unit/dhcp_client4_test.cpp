#include "support/dhcp_client4_fixture.h"

namespace cni::dhcp {
namespace {

using std::chrono::seconds;

// ---------------------------------------------------------------- messages

TEST_F(DhcpClient4, SendsWhatItIsTold) {
    config_.options = {{12, {'h'}}};
    random_ = 0xabcdef;
    start(0);
    const Message4 sent{
        .xid = 0xabcdef,
        .mac = own,
        .options = {{12, {'h'}}, {53, {1}}, {55, {1, 3}}, {57, {0x05, 0xdc}}, {61, client_id}}};
    EXPECT_EQ(last_, sent);
    EXPECT_EQ(receive(0, Type4::offer), selecting_request);
    Message4 second = sent;
    second.options[53] = {3};
    second.options[50] = {10, 0, 0, 5};
    second.options[54] = {10, 0, 0, 1};
    EXPECT_EQ(last_, second);
}

TEST_F(DhcpClient4, OptionsOfTheUserReplaceItsOwnButThoseOfTheProtocol) {
    config_.options = {{50, {10, 0, 0, 77}}, {53, {9}},   {54, {10, 0, 0, 99}}, {55, {6}},
                       {57, {2, 0x40}},      {61, {1, 2}}};
    start(0);
    EXPECT_EQ(
        last_.options,
        (Options4{{50, {10, 0, 0, 77}}, {53, {1}}, {55, {6}}, {57, {2, 0x40}}, {61, {1, 2}}}));
    EXPECT_EQ(receive(0, Type4::offer), selecting_request);
    EXPECT_EQ(receive(0, Type4::ack), "bound 10.0.0.5/24 of 10.0.0.1 0 500 875 1000");
    EXPECT_EQ(tick(500), "REQUEST 10.0.0.5 > 10.0.0.1 ciaddr=10.0.0.5");
    told(client().release(at(501)));
    EXPECT_EQ(last_.options, (Options4{{53, {7}}, {54, {10, 0, 0, 1}}, {61, {1, 2}}}));
}

TEST_F(DhcpClient4, AsksForBroadcastsWhileItHasNoAddress) {
    config_.wants_broadcast = true;
    EXPECT_EQ(start(0), discover + " broadcast");
    EXPECT_EQ(receive(0, Type4::offer), request + " broadcast asks=10.0.0.5 server=10.0.0.1");
    receive(0, Type4::ack);
    EXPECT_EQ(tick(500), "REQUEST 10.0.0.5 > 10.0.0.1 ciaddr=10.0.0.5");
}

TEST_F(DhcpClient4, WithoutWishesThereIsNoListOfThem) {
    config_.requested.clear();
    config_.client_id.clear();
    start(0);
    EXPECT_EQ(last_.options, (Options4{{53, {1}}, {57, {0x05, 0xdc}}}));
}

// ---------------------------------------------------------------- waiting

TEST_F(DhcpClient4, WaitsTwiceAsLongEachTime) {
    EXPECT_EQ(start(0), discover);
    EXPECT_EQ(deadline(), "3");
    EXPECT_EQ(tick(2.999), "");
    EXPECT_EQ(tick(3), discover + " secs=3");
    EXPECT_EQ(deadline(), "10");
    EXPECT_EQ(tick(10), discover + " secs=10");
    EXPECT_EQ(deadline(), "25");
    EXPECT_EQ(tick(25), discover + " secs=25");
    EXPECT_EQ(deadline(), "56");
    tick(56);
    EXPECT_EQ(deadline(), "119");
    tick(119);
    EXPECT_EQ(deadline(), "182");
    for (int i = 0; i < 100; ++i) tick(200 + 64 * i);
    EXPECT_EQ(deadline(), "6599") << "64 seconds at most, however often";
}

TEST_F(DhcpClient4, JitterIsASecondEitherWayAndAQuarterAtMost) {
    random_ = 2000;
    start(0);
    EXPECT_EQ(deadline(), "5");
    random_ = 1000;
    tick(5);
    EXPECT_EQ(deadline(), "13");
    random_ = 2001;
    tick(13);
    EXPECT_EQ(deadline(), "28") << "one more begins again";
    client_.reset();
    config_.first_wait = Duration(100);
    random_ = 50;
    start(0);
    EXPECT_EQ(deadline(), "0.125");
    random_ = 0;
    start(0);
    EXPECT_EQ(deadline(), "0.075");
}

TEST_F(DhcpClient4, SecondsEndWhereTheirFieldDoes) {
    start(0);
    EXPECT_EQ(tick(70000), discover + " secs=65535");
}

TEST_F(DhcpClient4, ARequestHasTheSecondsOfItsDiscover) {
    start(0);
    EXPECT_EQ(tick(3), discover + " secs=3");
    EXPECT_EQ(receive(5, Type4::offer), request + " secs=3 asks=10.0.0.5 server=10.0.0.1");
    EXPECT_EQ(deadline(), "8");
    EXPECT_EQ(tick(8), request + " secs=3 asks=10.0.0.5 server=10.0.0.1");
    EXPECT_EQ(receive(9, Type4::ack), "bound 10.0.0.5/24 of 10.0.0.1 8 508 883 1008")
        << "counted from the request";
}

TEST_F(DhcpClient4, AServerThatIsSilentAfterItsOfferIsLeft) {
    start(0);
    receive(0, Type4::offer);
    for (const double now : {3, 10, 25}) EXPECT_EQ(tick(now), selecting_request);
    random_ = 7;
    EXPECT_EQ(tick(56),
              "note: server 10.0.0.1 made an offer and is silent; " + discover + " secs=56");
    EXPECT_EQ(last_.xid, 7u);
    EXPECT_EQ(client().state(), State4::selecting);
}

TEST_F(DhcpClient4, PatienceEnds) {
    config_.patience = seconds(20);
    start(0);
    tick(3);
    tick(10);
    EXPECT_EQ(deadline(), "20");
    EXPECT_EQ(tick(20), "failed: no more tries: no server has made an offer");
    EXPECT_EQ(client().state(), State4::stopped);
    EXPECT_EQ(deadline(), "none");
    EXPECT_EQ(tick(30), "");
    EXPECT_EQ(receive(30, Type4::offer), "");
}

TEST_F(DhcpClient4, PatienceIsForAFirstLease) {
    config_.patience = seconds(20);
    bind();
    EXPECT_EQ(deadline(), "500");
    EXPECT_EQ(tick(1000),
              "lost: the lease of 10.0.0.5 has expired; " + discover + " asks=10.0.0.5");
    EXPECT_EQ(tick(2000), discover + " secs=1000 asks=10.0.0.5");
}

TEST_F(DhcpClient4, WhatWentWrongIsToldAtTheEndOfPatience) {
    config_.patience = seconds(20);
    start(0);
    receive(0, Type4::offer);
    receive(0, Type4::nak);
    EXPECT_EQ(tick(20), "failed: no more tries: server 10.0.0.1 rejected request with Nak");
}

// ---------------------------------------------------------------- whose answers count

TEST_F(DhcpClient4, OthersAnswersAreIgnored) {
    random_ = 77;
    start(0);
    const auto refused = [&](auto change) {
        Message4 offer = answer(Type4::offer);
        change(offer);
        EXPECT_EQ(receive(0, offer), "");
        EXPECT_EQ(client().state(), State4::selecting);
    };
    refused([](Message4& offer) { offer.is_reply = false; });
    refused([](Message4& offer) { ++offer.xid; });
    refused([](Message4& offer) { offer.mac = other; });
    refused([](Message4& offer) { offer.options[61] = {0, 'y'}; });
    refused([](Message4& offer) { offer.options[61] = {}; });
    refused([](Message4& offer) { offer.options.erase(53); });
    refused([](Message4& offer) { offer.options.erase(54); });
    refused([](Message4& offer) { offer.options[54] = {10, 0, 0}; });
    refused([](Message4& offer) { offer.options[54] = {255, 255, 255, 255}; });
    for (const char* address : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"})
        refused([&](Message4& offer) { offer.yours = ip(address); });
    for (const auto type : {Type4::discover, Type4::request, Type4::ack, Type4::nak, Type4::inform})
        refused([&](Message4& offer) { offer.options[53] = {static_cast<std::uint8_t>(type)}; });
    Message4 offer = answer(Type4::offer);
    offer.options[61] = client_id;
    EXPECT_EQ(receive(0, offer), selecting_request);
}

TEST_F(DhcpClient4, TheFirstOfferWinsAndItsServerDecides) {
    start(0);
    receive(0, Type4::offer);
    for (const auto type : {Type4::offer, Type4::ack, Type4::nak}) {
        Message4 message = answer(type);
        message.options[54] = {10, 0, 0, 2};
        EXPECT_EQ(receive(0, message), "");
    }
    EXPECT_EQ(receive(0, Type4::offer), "");
    EXPECT_EQ(receive(0, Type4::ack), "bound 10.0.0.5/24 of 10.0.0.1 0 500 875 1000");
    EXPECT_EQ(receive(0, Type4::ack), "") << "once is enough";
    EXPECT_EQ(receive(0, Type4::nak), "");
}

// ---------------------------------------------------------------- giving it back

TEST_F(DhcpClient4, IsGivenBackFromItsAddress) {
    bind();
    random_ = 9;
    EXPECT_EQ(told(client().release(at(10))),
              "RELEASE 10.0.0.5 > 10.0.0.1 ciaddr=10.0.0.5 server=10.0.0.1");
    EXPECT_EQ(last_, (Message4{.xid = 9,
                               .client = ip("10.0.0.5"),
                               .mac = own,
                               .options = {{53, {7}}, {54, {10, 0, 0, 1}}, {61, client_id}}}));
    EXPECT_EQ(client().state(), State4::stopped);
    EXPECT_EQ(client().lease(), std::nullopt);
    EXPECT_EQ(deadline(), "none");
    EXPECT_EQ(told(client().release(at(10))), "");
}

TEST_F(DhcpClient4, WithoutALeaseNothingIsGivenBack) {
    EXPECT_EQ(told(client().release(at(0))), "");
    start(0);
    EXPECT_EQ(told(client().release(at(0))), "");
    EXPECT_EQ(client().state(), State4::stopped);
    EXPECT_EQ(deadline(), "none");
}

}  // namespace
}  // namespace cni::dhcp
