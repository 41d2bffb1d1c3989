// What plugin and daemon say to each other; compared with what the reference plugin sent.
#include <gmock/gmock.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/fd.h"
#include "ipam/dhcp/rpc/call.h"
#include "ipam/dhcp/rpc/result_codec.h"
#include "ipam/dhcp/rpc/transfer.h"
#include "support/thrown.h"

namespace cni::dhcp {
namespace {

using ::testing::HasSubstr;

std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes.push_back(static_cast<char>(*parse_int<std::uint8_t>(hex.substr(i, 2), 16)));
    return bytes;
}

std::string framed(std::string_view hex) {
    return gob::frame(from_hex(hex));
}

constexpr std::string_view connect = "CONNECT /_goRPC_ HTTP/1.0\n\n";
// As captured.
constexpr std::string_view request_definition =
    "7f030101075265717565737401ff80000102010d536572766963654d6574686f64010c0001035365710106000000";
constexpr std::string_view allocate_request = "ff80010d444843502e416c6c6f6361746500";
constexpr std::string_view arguments_definition =
    "ff8103010107436d644172677301ff82000107010b436f6e7461696e65724944010c0001054e65746e73010c000106"
    "49664e616d65010c00010441726773010c00010450617468010c00010d4e65746e734f76657272696465010c000109"
    "537464696e44617461010a000000";

// "c1", "/n", "e", "A=1", "/b", "{}": the sixth field is left out.
std::string captured_call() {
    return cat(connect, framed(request_definition), framed(allocate_request),
               framed(arguments_definition),
               framed("ff820102633101022f6e0101650103413d3101022f6202027b7d00"));
}

TEST(DhcpRpc, TheReferencePluginIsUnderstood) {
    ServerSession session;
    const auto call = session.next(captured_call());
    ASSERT_TRUE(call);
    EXPECT_EQ(call->method, method::allocate);
    EXPECT_EQ(call->sequence, 0u);
    EXPECT_EQ(call->arguments.container_id, "c1");
    EXPECT_EQ(call->arguments.netns, "/n");
    EXPECT_EQ(call->arguments.ifname, "e");
    EXPECT_EQ(call->arguments.cni_args, "A=1");
    EXPECT_EQ(call->arguments.path, "/b");
    EXPECT_EQ(call->arguments.config, "{}");
    EXPECT_EQ(session.take_greeting(), "HTTP/1.0 200 Connected to Go RPC\n\n");
    EXPECT_EQ(session.take_greeting(), "");
}

TEST(DhcpRpc, BytesMayComeOneByOne) {
    const std::string bytes = captured_call();
    ServerSession session;
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i)
        EXPECT_FALSE(session.next(bytes.substr(i, 1))) << i;
    EXPECT_TRUE(session.next(bytes.substr(bytes.size() - 1)));
}

TEST(DhcpRpc, DefinitionsAreThoseOfTheReference) {
    constexpr gob::Field fields[] = {{"ServiceMethod", gob::string_id}, {"Seq", gob::uint_id}};
    EXPECT_EQ(gob::define_struct(64, "Request", fields), framed(request_definition));
}

Result some_result() {
    Result result;
    result.ips = {{.address = *Prefix::parse("10.88.0.100/24"),
                   .gateway = Ip::parse("10.88.0.1"),
                   .interface = {}}};
    result.routes = {
        {.dst = *Prefix::parse("0.0.0.0/0"), .gw = Ip::parse("10.88.0.1")},
        {.dst = *Prefix::parse("10.9.0.0/16"), .priority = 70, .scope = RT_SCOPE_LINK}};
    result.dns = {.nameservers = {"1.1.1.1"}, .domain = "d", .search = {"a", "b"}, .options = {}};
    return result;
}

Call call_of(std::string_view method) {
    return {.method = std::string(method),
            .sequence = 7,
            .arguments = {.container_id = "c1",
                          .netns = "/run/netns/c1",
                          .ifname = "eth0",
                          .cni_args = "",
                          .path = "/bin",
                          .config = std::string(70'000, 'x')}};
}

TEST(DhcpRpc, BothSidesUnderstandEachOther) {
    ServerSession server;
    ClientSession client;
    const auto call = server.next(
        cat(ClientSession::greeting(), ClientSession::encode(call_of(method::allocate))));
    ASSERT_TRUE(call);
    EXPECT_EQ(call->arguments.config.size(), 70'000u);
    EXPECT_EQ(call->sequence, 7u);
    EXPECT_TRUE(client.is_greeted(server.take_greeting()));
    const auto answer = client.next(server.encode_result(*call, some_result()));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error, "");
    EXPECT_EQ(answer->result, some_result());
}

TEST(DhcpRpc, ErrorsAndEmptyAnswersAreTold) {
    for (const char* error : {"no more tries", ""}) {
        ServerSession server;
        ClientSession client;
        const Call call = call_of(method::release);
        server.next(ClientSession::greeting());
        client.is_greeted(server.take_greeting());
        const auto answer =
            client.next(*error ? server.encode_error(call, error) : server.encode_empty(call));
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->error, error);
        EXPECT_TRUE(answer->result.ips.empty());
    }
}

TEST(DhcpRpc, ResultOfTheReferenceDaemonIsUnderstood) {
    // With the types that Go tells of "IPs" alone, and the address in 4 bytes.
    constexpr gob::Field net[] = {{"IP", gob::bytes_id}, {"Mask", gob::bytes_id}};
    constexpr gob::Field ip[] = {{"Interface", gob::int_id}, {"Address", 70}, {"Gateway", 5}};
    constexpr gob::Field fields[] = {
        {"CNIVersion", gob::string_id}, {"Interfaces", 71}, {"IPs", 72}};
    gob::Decoder decoder;
    decoder.feed(cat(gob::define_struct(69, "Result", fields), gob::define_slice(72, 73),
                     gob::define_struct(73, "IPConfig", ip), gob::define_struct(70, "IPNet", net)));
    EXPECT_FALSE(decoder.next());
    decoder.feed(
        framed("ff8a0301020104"
               "0a580064"
               "0104"
               "ffffff00"
               "00"
               "0104"
               "0a580001"
               "0000"));
    const auto value = decoder.next();
    ASSERT_TRUE(value);
    EXPECT_EQ(decode_result(*value).ips, some_result().ips);
}

TEST(DhcpRpc, WhoTakesNothingIsNotWaitedForWithoutEnd) {
    int ends[2];
    checked(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    const Fd ours(ends[0]), theirs(ends[1]);
    const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
    const Error error =
        test::thrown([&] { send_all(ours.get(), std::string(8u << 20, 'x'), soon, "the daemon"); });
    EXPECT_EQ(error.code, Code::try_again_later);
    EXPECT_EQ(error.msg, "the daemon does not take what it is sent");
}

TEST(DhcpRpc, WhatIsMalformedIsRefused) {
    const std::string heads[] = {"GET / HTTP/1.0\n\n", std::string(2000, 'x')};
    for (const std::string& head : heads)
        EXPECT_THAT(test::thrown([&] { ServerSession().next(head); }).msg,
                    HasSubstr("does not speak the protocol"));
    const std::string bodies[] = {
        std::string("\xf8\xff\xff\xff\xff\xff\xff\xff\xff", 9),  // endless
        framed("ff8000"),                                        // of a type that nobody defined
        framed("7f"),                                            // cut off
        framed("7f0301010752657175657374"),
        cat(framed(request_definition), framed("ff8005")),  // a field that there is not
    };
    for (const std::string& body : bodies)
        EXPECT_EQ(test::thrown([&] { ServerSession().next(cat(connect, body)); }).code,
                  Code::decoding_failure);
}

TEST(DhcpRpc, TypesThatHoldThemselvesEnd) {
    gob::Decoder decoder;
    std::string bytes = gob::define_slice(64, 64);
    std::string content;
    gob::put_signed(content, 64);
    content.push_back('\0');
    for (int depth = 0; depth < 100; ++depth) content.push_back('\1');
    decoder.feed(cat(bytes, gob::frame(content)));
    EXPECT_THAT(test::thrown([&] { decoder.next(); }).msg, HasSubstr("too large"));
}

TEST(DhcpRpc, NumbersAreEncodedAsGoDoes) {
    const std::pair<std::int64_t, const char*> numbers[] = {
        {0, "00"}, {1, "02"}, {-1, "01"}, {-65, "ff81"}, {127, "fffe"}, {128, "fe0100"}};
    for (const auto& [number, hex] : numbers) {
        std::string out;
        gob::put_signed(out, number);
        EXPECT_EQ(out, from_hex(hex)) << number;
    }
}

}  // namespace
}  // namespace cni::dhcp
