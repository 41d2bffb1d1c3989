#include "support/dhcp_client4_fixture.h"

namespace cni::dhcp {
namespace {

using std::chrono::seconds;

// ---------------------------------------------------------------- what an ACK cannot say

TEST_F(DhcpClient4, WithoutASubnetMaskThereIsNoLease) {
    start(0);
    receive(0, Type4::offer);
    Message4 ack = answer(Type4::ack);
    ack.options.erase(1);
    EXPECT_EQ(receive(0, ack),
              "RELEASE 10.0.0.5 > 10.0.0.1 ciaddr=10.0.0.5 server=10.0.0.1; "
              "failed: DHCP option Subnet Mask not found in DHCPACK");
    EXPECT_EQ(client().state(), State4::stopped);
}

TEST_F(DhcpClient4, WhoHadALeaseGoesOnWhateverComes) {
    bind();
    tick(1000);
    receive(1000, Type4::offer);
    EXPECT_EQ(receive(1000, answer(Type4::ack, 0)),
              "RELEASE 10.0.0.5 > 10.0.0.1 ciaddr=10.0.0.5 server=10.0.0.1; "
              "note: the lease is for no time; " +
                  discover);
    receive(1000, Type4::offer);
    Message4 ack = answer(Type4::ack);
    ack.yours = Ip();
    EXPECT_EQ(receive(1000, ack), "note: no host can have the address");
    EXPECT_EQ(deadline(), "1000.750") << "not at once again";
    EXPECT_EQ(client().state(), State4::paused);
    EXPECT_EQ(tick(1000.75), discover);
}

// ---------------------------------------------------------------- an address that is in use

class DhcpClient4Checking : public DhcpClient4 {
protected:
    DhcpClient4Checking() { config_.probes = 3; }

    void begin_to_check() {
        start(0);
        receive(0, Type4::offer);
        EXPECT_EQ(receive(0, Type4::ack), "PROBE 10.0.0.5");
    }
    std::string hear(double now, const Arp& arp) { return told(client().receive(at(now), arp)); }
    const Arp claim_{.is_reply = true, .sender_mac = other, .sender = ip("10.0.0.5")};
};

TEST_F(DhcpClient4Checking, AnAddressIsProbedForBeforeItIsUsed) {
    begin_to_check();
    EXPECT_EQ(client().state(), State4::checking);
    EXPECT_EQ(client().lease(), std::nullopt);
    EXPECT_EQ(deadline(), "0.100");
    EXPECT_EQ(tick(0.1), "PROBE 10.0.0.5");
    EXPECT_EQ(tick(0.2), "PROBE 10.0.0.5");
    EXPECT_EQ(tick(0.299), "");
    EXPECT_EQ(tick(0.3), "bound 10.0.0.5/24 of 10.0.0.1 0 500 875 1000");
    EXPECT_EQ(deadline(), "500");
}

TEST_F(DhcpClient4Checking, AnAddressThatSomebodyHasIsDeclined) {
    begin_to_check();
    random_ = 5;
    EXPECT_EQ(hear(0.05, claim_),
              "DECLINE 0.0.0.0 > 255.255.255.255 asks=10.0.0.5 server=10.0.0.1; "
              "note: address 10.0.0.5 is in use by 02:00:00:00:00:02");
    EXPECT_EQ(
        last_,
        (Message4{
            .xid = 5,
            .mac = own,
            .options = {{50, {10, 0, 0, 5}}, {53, {4}}, {54, {10, 0, 0, 1}}, {61, client_id}}}));
    EXPECT_EQ(client().state(), State4::paused);
    EXPECT_EQ(deadline(), "10.050");
    EXPECT_EQ(hear(1, claim_), "");
    EXPECT_EQ(tick(10.05), discover);
}

TEST_F(DhcpClient4Checking, OtherPacketsOfArpDoNotMatter) {
    begin_to_check();
    EXPECT_EQ(hear(0, arp_probe(own, ip("10.0.0.5"))), "");
    EXPECT_EQ(hear(0, {.is_reply = true, .sender_mac = other, .sender = ip("10.0.0.6")}), "");
    EXPECT_EQ(client().state(), State4::checking);
    tick(0.1), tick(0.2), tick(0.3);
    EXPECT_EQ(hear(0.3, claim_), "") << "the kernel's business, once it is used";
    EXPECT_EQ(client().state(), State4::bound);
}

TEST_F(DhcpClient4Checking, ALeaseThatEndsMeanwhileIsNotUsed) {
    begin_to_check();
    tick(0.1), tick(0.2);
    EXPECT_EQ(tick(1000), discover);
}

TEST_F(DhcpClient4, ALeaseThatIsOverWhenItComesIsNone) {
    start(0);
    receive(0, Type4::offer);
    EXPECT_EQ(receive(1000, Type4::ack), "");
    EXPECT_EQ(client().state(), State4::requesting);
}

TEST_F(DhcpClient4Checking, WhatIsBeingCheckedIsGivenBackToo) {
    begin_to_check();
    EXPECT_EQ(told(client().release(at(0))),
              "RELEASE 10.0.0.5 > 10.0.0.1 ciaddr=10.0.0.5 server=10.0.0.1");
    EXPECT_EQ(client().state(), State4::stopped);
}

TEST_F(DhcpClient4Checking, AnotherAddressOnRenewalIsCheckedWhileTheOldOneIsUsed) {
    begin_to_check();
    tick(0.1), tick(0.2), tick(0.3);
    tick(500);
    Message4 ack = answer(Type4::ack);
    ack.yours = ip("10.0.0.6");
    EXPECT_EQ(receive(500, ack), "PROBE 10.0.0.6");
    EXPECT_EQ(client().lease()->address.ip, ip("10.0.0.5"));
    tick(500.1), tick(500.2);
    EXPECT_EQ(tick(500.3), "bound 10.0.0.6/24 of 10.0.0.1 500 1000 1375 1500");
}

TEST_F(DhcpClient4Checking, TheSameAddressOnRenewalIsNotAskedAbout) {
    begin_to_check();
    tick(0.1), tick(0.2), tick(0.3);
    tick(500);
    EXPECT_EQ(receive(500, Type4::ack), "bound 10.0.0.5/24 of 10.0.0.1 500 1000 1375 1500");
}

TEST_F(DhcpClient4Checking, AnotherAddressThatSomebodyHasDoesNotCostTheOldOne) {
    const std::string declined =
        "DECLINE 0.0.0.0 > 255.255.255.255 asks=10.0.0.6 server=10.0.0.1; "
        "note: address 10.0.0.6 is in use by 02:00:00:00:00:02";
    const Arp claim{.is_reply = true, .sender_mac = other, .sender = ip("10.0.0.6")};
    begin_to_check();
    tick(0.1), tick(0.2), tick(0.3);
    tick(500);
    Message4 ack = answer(Type4::ack);
    ack.yours = ip("10.0.0.6");
    receive(500, ack);
    EXPECT_EQ(hear(500, claim), declined);
    EXPECT_EQ(client().lease()->address.ip, ip("10.0.0.5"));
    EXPECT_EQ(client().state(), State4::bound);
    EXPECT_EQ(deadline(), "687.500") << "when it would be asked again without an answer";
    EXPECT_EQ(tick(687.5), "REQUEST 10.0.0.5 > 10.0.0.1 ciaddr=10.0.0.5");
    EXPECT_EQ(receive(687.5, Type4::ack),
              "bound 10.0.0.5/24 of 10.0.0.1 687.500 1187.500 1562.500 1687.500");
}

TEST_F(DhcpClient4Checking, AnotherAddressThatSomebodyHasIsDeclinedOfAnyServer) {
    begin_to_check();
    tick(0.1), tick(0.2), tick(0.3);
    tick(900);
    Message4 ack = answer(Type4::ack);
    ack.yours = ip("10.0.0.6");
    receive(900, ack);
    hear(900, {.is_reply = true, .sender_mac = other, .sender = ip("10.0.0.6")});
    EXPECT_EQ(deadline(), "960");
    EXPECT_EQ(tick(960), "REQUEST 10.0.0.5 > 255.255.255.255 ciaddr=10.0.0.5");
    EXPECT_EQ(client().state(), State4::rebinding);
    EXPECT_EQ(tick(1000),
              "lost: the lease of 10.0.0.5 has expired; " + discover + " asks=10.0.0.5");
}

TEST_F(DhcpClient4Checking, AnAddressEndsOnTimeWhileAnotherOneIsChecked) {
    begin_to_check();
    tick(0.1), tick(0.2), tick(0.3);
    tick(999.95);
    Message4 ack = answer(Type4::ack);
    ack.yours = ip("10.0.0.6");
    receive(999.95, ack);
    EXPECT_EQ(deadline(), "1000");
    EXPECT_EQ(tick(1000), "lost: the lease of 10.0.0.5 has expired");
    EXPECT_EQ(client().state(), State4::checking);
    EXPECT_EQ(deadline(), "1000.050");
}

// ---------------------------------------------------------------- keeping it

TEST_F(DhcpClient4, IsRenewedFromItsAddressByItsServer) {
    bind();
    EXPECT_EQ(deadline(), "500");
    EXPECT_EQ(tick(499.999), "");
    random_ = 42;
    EXPECT_EQ(tick(500), "REQUEST 10.0.0.5 > 10.0.0.1 ciaddr=10.0.0.5");
    EXPECT_EQ(
        last_,
        (Message4{.xid = 42,
                  .client = ip("10.0.0.5"),
                  .mac = own,
                  .options = {{53, {3}}, {55, {1, 3}}, {57, {0x05, 0xdc}}, {61, client_id}}}));
    EXPECT_EQ(client().state(), State4::renewing);
    Message4 ack = answer(Type4::ack);
    ack.options[54] = {10, 0, 0, 2};
    EXPECT_EQ(receive(501, ack), "") << "of another server";
    ack.options[54] = {10, 0, 0, 1};
    ack.options.erase(1);
    random_ = 0;
    EXPECT_EQ(receive(501, ack), "bound 10.0.0.5/24 of 10.0.0.1 500 1000 1375 1500");
    EXPECT_EQ(client().state(), State4::bound);
}

TEST_F(DhcpClient4, AsksAgainWhenHalfOfTheTimeIsLeftThenAsksAnyServerThenStops) {
    bind();
    const std::string renewal = "REQUEST 10.0.0.5 > 10.0.0.1";
    const std::string rebinding = "REQUEST 10.0.0.5 > 255.255.255.255";
    EXPECT_EQ(tick(500), renewal + " ciaddr=10.0.0.5");
    EXPECT_EQ(deadline(), "687.500");
    EXPECT_EQ(tick(687.5), renewal + " secs=187 ciaddr=10.0.0.5");
    EXPECT_EQ(deadline(), "781.250");
    EXPECT_EQ(tick(781.25), renewal + " secs=281 ciaddr=10.0.0.5");
    EXPECT_EQ(deadline(), "841.250") << "a minute at least";
    EXPECT_EQ(tick(841.25), renewal + " secs=341 ciaddr=10.0.0.5");
    EXPECT_EQ(deadline(), "875");
    EXPECT_EQ(tick(875), rebinding + " secs=375 ciaddr=10.0.0.5");
    EXPECT_EQ(client().state(), State4::rebinding);
    EXPECT_EQ(deadline(), "937.500");
    EXPECT_EQ(tick(937.5), rebinding + " secs=437 ciaddr=10.0.0.5");
    EXPECT_EQ(deadline(), "997.500");
    tick(997.5);
    EXPECT_EQ(deadline(), "1000");
    EXPECT_EQ(tick(999.999), "");
    EXPECT_NE(client().lease(), std::nullopt);
    EXPECT_EQ(tick(1000),
              "lost: the lease of 10.0.0.5 has expired; " + discover + " asks=10.0.0.5");
    EXPECT_EQ(client().lease(), std::nullopt);
}

TEST_F(DhcpClient4, AnyServerMayTakeItOver) {
    bind();
    tick(875);
    Message4 ack = answer(Type4::ack);
    ack.options[54] = {10, 0, 0, 2};
    EXPECT_EQ(receive(876, ack), "bound 10.0.0.5/24 of 10.0.0.2 875 1375 1750 1875");
}

TEST_F(DhcpClient4, ALateAnswerToAnEarlierRenewalIsOfAnEarlierTime) {
    bind();
    random_ = 1;
    tick(500);
    const Message4 late = answer(Type4::ack);
    random_ = 2;
    tick(687.5);
    EXPECT_EQ(receive(688, late), "");
}

TEST_F(DhcpClient4, WhatIsWrongWithARenewalLeavesTheLease) {
    bind();
    tick(500);
    EXPECT_EQ(receive(500, answer(Type4::ack, 0)), "");
    Message4 ack = answer(Type4::ack);
    ack.yours = Ip();
    EXPECT_EQ(receive(500, ack), "");
    EXPECT_EQ(client().state(), State4::renewing);
    EXPECT_EQ(deadline(), "687.500");
}

TEST_F(DhcpClient4, AnotherAddressOnRenewalReplacesTheOldOne) {
    bind();
    tick(500);
    Message4 ack = answer(Type4::ack);
    ack.yours = ip("10.0.0.6");
    EXPECT_EQ(receive(500, ack), "bound 10.0.0.6/24 of 10.0.0.1 500 1000 1375 1500");
}

TEST_F(DhcpClient4, ANakEndsTheLeaseAndBeginsAtOnce) {
    for (const double now : {500, 875}) {
        client_.reset();
        bind();
        tick(now);
        Message4 nak = answer(Type4::nak);
        nak.options[56] = to_bytes(std::string_view("moved\n"));
        EXPECT_EQ(receive(now, nak),
                  "lost: server 10.0.0.1 rejected request with Nak: moved?; " + discover);
        EXPECT_EQ(client().lease(), std::nullopt);
    }
}

TEST_F(DhcpClient4, ServersThatAreNeverContentMeetPatience) {
    start(0);
    double now = 0;
    for (const double pause : {0.0, 0.75, 1.5, 3.0, 7.0, 15.0, 31.0, 63.0, 63.0, 63.0}) {
        receive(now, Type4::offer);
        receive(now, Type4::nak);
        if (pause != 0) {
            EXPECT_EQ(deadline(), text_of(at(now + pause)));
            now += pause;
            EXPECT_EQ(tick(now), discover);
        }
    }
    receive(now, Type4::offer);
    receive(now, Type4::ack);
    tick(now + 500);
    EXPECT_EQ(receive(now + 500, Type4::nak),
              "lost: server 10.0.0.1 rejected request with Nak; " + discover)
        << "at once again, after a lease";
}

TEST_F(DhcpClient4, AnUnlimitedLeaseIsLeftAlone) {
    start(0);
    receive(0, Type4::offer);
    EXPECT_EQ(receive(0, answer(Type4::ack, 0xffffffff)),
              "bound 10.0.0.5/24 of 10.0.0.1 0 never never never");
    EXPECT_EQ(deadline(), "none");
    EXPECT_EQ(tick(1e9), "");
}

TEST_F(DhcpClient4, AfterALongSleepItLooksWhatTimeItIs) {
    bind();
    EXPECT_EQ(tick(900), "REQUEST 10.0.0.5 > 255.255.255.255 ciaddr=10.0.0.5");
    client_.reset();
    bind();
    EXPECT_EQ(tick(5000),
              "lost: the lease of 10.0.0.5 has expired; " + discover + " asks=10.0.0.5");
}

// ---------------------------------------------------------------- an earlier lease

TEST_F(DhcpClient4, AnEarlierLeaseIsAskedForByItsAddress) {
    config_.wants_broadcast = true;
    config_.patience = seconds(208);
    const Lease4 earlier = [&] {
        start(0), receive(0, Type4::offer), receive(0, Type4::ack);
        return *client().lease();
    }();
    client_.reset();
    EXPECT_EQ(told(client().reclaim(at(100), earlier)), request + " broadcast asks=10.0.0.5");
    EXPECT_EQ(client().state(), State4::rebooting);
    EXPECT_EQ(client().lease(), std::nullopt);
    EXPECT_EQ(receive(100, Type4::offer), "");
    Message4 ack = answer(Type4::ack);
    ack.options[54] = {10, 0, 0, 2};
    EXPECT_EQ(receive(101, ack), "bound 10.0.0.5/24 of 10.0.0.2 100 600 975 1100");
}

TEST_F(DhcpClient4, AnEarlierLeaseThatNobodyKnowsIsAWish) {
    const Lease4 earlier = lease();
    client_.reset();
    EXPECT_EQ(told(client().reclaim(at(100), earlier)), request + " asks=10.0.0.5");
    EXPECT_EQ(tick(103), request + " secs=3 asks=10.0.0.5");
    random_ = 3;
    EXPECT_EQ(tick(110), discover + " secs=10 asks=10.0.0.5");
    EXPECT_EQ(last_.xid, 3u);
    EXPECT_EQ(receive(110, Type4::offer), request + " secs=10 asks=10.0.0.5 server=10.0.0.1");
}

TEST_F(DhcpClient4, AnEarlierLeaseThatIsRefusedIsNoWish) {
    const Lease4 earlier = lease();
    client_.reset();
    told(client().reclaim(at(100), earlier));
    Message4 nak = answer(Type4::nak);
    nak.options[54] = {10, 0, 0, 2};
    EXPECT_EQ(receive(100, nak), "note: server 10.0.0.2 rejected request with Nak; " + discover);
}

TEST_F(DhcpClient4, AnEarlierLeaseThatIsOverIsAWish) {
    const Lease4 earlier = lease();
    client_.reset();
    EXPECT_EQ(told(client().reclaim(at(1000), earlier)), discover + " asks=10.0.0.5");
}

TEST_F(DhcpClient4, WhoLostALeaseTriesForEver) {
    config_.patience = seconds(20);
    EXPECT_EQ(told(client().resume(at(0))), discover);
    EXPECT_EQ(tick(3), discover + " secs=3");
    EXPECT_EQ(tick(100), discover + " secs=100");
    receive(100, Type4::offer);
    EXPECT_EQ(receive(100, answer(Type4::ack, 0)),
              "RELEASE 10.0.0.5 > 10.0.0.1 ciaddr=10.0.0.5 server=10.0.0.1; "
              "note: the lease is for no time; " +
                  discover);
}

TEST_F(DhcpClient4, ALeaseIsKeptAsIfNothingHadHappened) {
    const Lease4 earlier = lease();
    struct {
        double now;
        std::string told;
        State4 state;
        std::string deadline;
    } cases[] = {
        {100, "", State4::bound, "500"},
        {500, "REQUEST 10.0.0.5 > 10.0.0.1 ciaddr=10.0.0.5", State4::renewing, "687.500"},
        {900, "REQUEST 10.0.0.5 > 255.255.255.255 ciaddr=10.0.0.5", State4::rebinding, "960"},
        {1000, "lost: the lease of 10.0.0.5 has expired; " + discover + " asks=10.0.0.5",
         State4::selecting, "1003"}};
    for (const auto& [now, expected, state, next] : cases) {
        client_.reset();
        EXPECT_EQ(told(client().resume(at(now), earlier)), expected);
        EXPECT_EQ(client().state(), state);
        EXPECT_EQ(deadline(), next);
    }
}

}  // namespace
}  // namespace cni::dhcp
