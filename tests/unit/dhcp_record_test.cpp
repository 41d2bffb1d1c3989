#include "ipam/dhcp/daemon/record.h"

#include <gmock/gmock.h>

#include "ipam/dhcp/daemon/command_line.h"
#include "ipam/dhcp/daemon/lease_result.h"
#include "support/thrown.h"

namespace cni::dhcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

Record some_record() {
    return {.holder = {"c1", "net1", "eth0"},
            .netns = "/run/netns/c1",
            .place = {.boot_id = "b", .netns_cookie = 7, .netns_inode = 8, .ifindex = 9},
            .mac = *Mac::parse("02:00:00:00:00:01"),
            .provided = {{12, {'h'}}, {60, {}}},
            .requested = {1, 3, 121},
            .priority = 5,
            .wants_broadcast = true,
            .lease = Lease4{.address = *Prefix::parse("10.1.2.3/24"),
                            .server = *Ip::parse("10.1.2.1"),
                            .start = Time(seconds(1)),
                            .renew = Time(seconds(2)),
                            .rebind = Time(seconds(3)),
                            .expire = Time(seconds(4)),
                            .options = {{3, {10, 1, 2, 1}}, {121, {24, 10, 9, 9, 0, 0, 0, 0}}}}};
}

Record record_of_both() {
    Record record = some_record();
    record.wanted = Leases::both;
    record.provided6 = {{1, {0, 4, 9}}, {15, {}}, {15, {1}}};
    record.requested6 = {23, 24, 300};
    record.stale = {*Prefix::parse("10.1.2.9/24"), *Prefix::parse("fd00::9/128")};
    record.lease6 = Lease6{.address = *Ip::parse("fd00::5"),
                           .server = {0, 3, 1},
                           .start = Time(seconds(1)),
                           .renew = Time(seconds(2)),
                           .rebind = Time(seconds(3)),
                           .deprecate = Time(seconds(4)),
                           .expire = Time(seconds(5)),
                           .options = {{23, {1, 2}}, {23, {3}}}};
    return record;
}

TEST(DhcpRecord, IsReadAsItWasPrinted) {
    Record record = some_record();
    EXPECT_EQ(parse_record(print(record)), record);
    EXPECT_EQ(parse_record(print(record_of_both())), record_of_both());
    record.lease->renew = record.lease->rebind = record.lease->expire = never;
    EXPECT_EQ(parse_record(print(record)), record);
    record.lease.reset();
    EXPECT_EQ(parse_record(print(record)), record);
}

TEST(DhcpRecord, WhatNobodyPrintedIsRefused) {
    const std::string good = print(record_of_both());
    const std::pair<const char*, const char*> changes[] = {{"\"version\":1", "\"version\":2"},
                                                           {"\"both\"", "\"all\""},
                                                           {"fd00::5", "10.1.2.3"},
                                                           {"fd00::5", "fe80::5"},
                                                           {"\"000301\"", "\"00030\""},
                                                           {"300]", "70000]"},
                                                           {"\"code\":15", "\"code\":0"},
                                                           {"\"c1\"", "\"c1/x\""},
                                                           {"\"c1\"", "\"\""},
                                                           {"02:00", "0200"},
                                                           {"\"01", "\"0"},
                                                           {"10.1.2.3/24", "fd00::1/64"},
                                                           {"\"renew\":2000", "\"renew\":9000"},
                                                           {"\"start\":1000", "\"start\":-1"},
                                                           {"\"3\":\"0a010201\"", "\"300\":\"00\""},
                                                           {"{", ""}};
    for (const auto& [from, to] : changes) {
        std::string bad = good;
        const auto place = bad.find(from);
        ASSERT_NE(place, bad.npos) << from;
        bad.replace(place, std::string(from).size(), to);
        EXPECT_NE(test::thrown([&] { parse_record(bad); }).msg, "") << to;
    }
}

TEST(DhcpHolder, IsToldToTheServerAsTheReferenceDoes) {
    const Bytes id = some_record().holder.client_id();
    EXPECT_EQ(std::string(id.begin(), id.end()), std::string("\0c1/net1/eth0", 13));
}

TEST(DhcpHolder, IsOneClientOfIpv6WithSeveralInterfaces) {
    const Holder one{"c1", "net1", "eth0"}, other{"c1", "net1", "eth1"},
        another{"c2", "net1", "eth0"};
    EXPECT_EQ(one.duid().size(), 18u);
    EXPECT_EQ(one.duid()[1], 4);
    EXPECT_EQ(one.duid(), other.duid());
    EXPECT_NE(one.ia(), other.ia());
    EXPECT_NE(one.duid(), another.duid());
    EXPECT_EQ(one.ia(), another.ia());
}

TEST(DhcpHolder, LongOnesDiffer) {
    const std::string text(300, 'x');
    const Bytes one = Holder{text, "n", "eth0"}.client_id(),
                other = Holder{text, "n", "eth1"}.client_id();
    EXPECT_EQ(one.size(), 255u);
    EXPECT_EQ(other.size(), 255u);
    EXPECT_NE(one, other);
}

TEST(DhcpLeaseResult, RoutesWithoutAGatewayStayOnTheLink) {
    const Result result = result_of(*some_record().lease, 5);
    ASSERT_EQ(result.routes.size(), 1u);
    EXPECT_EQ(result.routes[0].dst.to_string(), "10.9.9.0/24");
    EXPECT_FALSE(result.routes[0].gw);
    EXPECT_EQ(result.routes[0].scope, 253);
    EXPECT_EQ(result.routes[0].priority, 5);
}

TEST(DhcpLeaseResult, OfBothFamiliesIsOne) {
    Record record = record_of_both();
    record.lease->options[6] = {10, 1, 2, 53};
    record.lease6->options = {{23, to_bytes(*Ip::parse("fd00::53"))}, {24, {1, 'a', 0}}};
    Result whole = result_of(*record.lease, 0);
    append(whole, result_of(*record.lease6, 0));
    EXPECT_EQ(whole.addresses(),
              (std::vector{*Prefix::parse("10.1.2.3/24"), *Prefix::parse("fd00::5/128")}));
    EXPECT_EQ(whole.routes.size(), 1u);
    EXPECT_EQ(whole.dns.nameservers, (std::vector<std::string>{"10.1.2.53", "fd00::53"}));
    EXPECT_EQ(whole.dns.search, std::vector<std::string>{"a"});
}

TEST(DhcpCommandLine, FlagsHaveOneDashOrTwo) {
    const auto line = parse_command_line({"-pidfile", "/p", "--socketpath=/s", "-hostprefix", "/h",
                                          "-broadcast", "--timeout", "1m2.5s", "-resendmax=500ms"});
    ASSERT_TRUE(line);
    EXPECT_EQ(line->pid_file, "/p");
    EXPECT_EQ(line->socket_path, "/h/s");
    EXPECT_EQ(line->state_dir, "/h/s.leases");
    EXPECT_TRUE(line->broadcast);
    EXPECT_EQ(line->manners.first_wait, milliseconds(62'500));
    EXPECT_EQ(line->manners.longest_wait, milliseconds(500));
    EXPECT_FALSE(parse_command_line({"-broadcast=false"})->broadcast);
    EXPECT_EQ(parse_command_line({})->socket_path, "/run/cni/dhcp.sock");
}

TEST(DhcpCommandLine, OthersAreRefused) {
    for (const char* word : {"-x", "x", "-timeout", "-timeout=5", "-timeout=s", "-timeout=-1s",
                             "-timeout=", "-broadcast=2", "-timeout=99999999999999h"})
        EXPECT_FALSE(parse_command_line({word})) << word;
}

}  // namespace
}  // namespace cni::dhcp
