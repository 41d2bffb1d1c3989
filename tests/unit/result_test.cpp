// Results of every version, read and printed.
#include "cni/result.h"

#include <gmock/gmock.h>

#include "cni/version.h"
#include "support/thrown.h"

namespace cni {
namespace {

using test::thrown;
using ::testing::HasSubstr;

Result parse(std::string_view text, std::string_view version = "1.1.0") {
    return Result::parse(Json::parse(text, "result"), version);
}

// Everything the model can say, on both families.
constexpr std::string_view full_1 =
    R"({"cniVersion":"1.1.0",)"
    R"("dns":{"domain":"d","nameservers":["10.0.0.53"],"options":["ndots:1"],"search":["s1","s2"]},)"
    R"("interfaces":[{"name":"br0"},)"
    R"({"mac":"02:00:00:00:00:01","mtu":1500,"name":"eth0","pciID":"0000:00:01.0",)"
    R"("sandbox":"/run/netns/n1","socketPath":"/run/s"}],)"
    R"("ips":[{"address":"10.1.2.3/24","gateway":"10.1.2.1","interface":1},)"
    R"({"address":"fd00::3/64","interface":0}],)"
    R"("routes":[{"advmss":1400,"dst":"0.0.0.0/0","gw":"10.1.2.1","mtu":1450,"priority":7,"scope":0,)"
    R"("table":0},{"dst":"::/0"}]})";

constexpr std::string_view full_0_3 =
    R"({"cniVersion":"0.4.0",)"
    R"("interfaces":[{"name":"br0"},)"
    R"({"name":"eth0","mac":"02:00:00:00:00:01","sandbox":"/run/netns/n1"}],)"
    R"("ips":[{"version":"4","interface":1,"address":"10.1.2.3/24","gateway":"10.1.2.1"},)"
    R"({"version":"6","interface":0,"address":"fd00::3/64"}],)"
    R"("routes":[{"dst":"0.0.0.0/0","gw":"10.1.2.1","mtu":1450,"advmss":1400,"priority":7,"table":0,)"
    R"("scope":0},{"dst":"::/0"}],)"
    R"("dns":{"nameservers":["10.0.0.53"],"domain":"d","search":["s1","s2"],"options":["ndots:1"]}})";

constexpr std::string_view full_0_1 =
    R"({"cniVersion":"0.2.0",)"
    R"("ip4":{"ip":"10.1.2.3/24","gateway":"10.1.2.1","routes":[{"dst":"0.0.0.0/0","gw":"10.1.2.1"}]},)"
    R"("ip6":{"ip":"fd00::3/64","routes":[{"dst":"::/0"}]},)"
    R"("dns":{"nameservers":["10.0.0.53"],"domain":"d","search":["s1","s2"],"options":["ndots:1"]}})";

// The text with another version number.
std::string with_version(std::string_view text, std::string_view version) {
    std::string out(text);
    out.replace(out.find("\"cniVersion\":\"") + 14, 5, version);
    return out;
}

std::string_view full_text(std::string_view version) {
    switch (family_of(version)) {
        case ResultFamily::v0_1:
            return full_0_1;
        case ResultFamily::v0_3:
            return full_0_3;
        default:
            return full_1;
    }
}

class EveryVersion : public ::testing::TestWithParam<std::string_view> {};

TEST_P(EveryVersion, PrintsWhatItReadByteForByte) {
    const std::string text = with_version(full_text(GetParam()), GetParam());
    EXPECT_EQ(parse(text, GetParam()).print_compact(GetParam()), text);
}

TEST_P(EveryVersion, IsConvertedFromTheNewestShape) {
    EXPECT_EQ(parse(full_1).print_compact(GetParam()),
              with_version(full_text(GetParam()), GetParam()));
}

TEST_P(EveryVersion, IsReadWithTheGivenVersionWhenItNamesNone) {
    std::string text = with_version(full_text(GetParam()), GetParam());
    const Result named = parse(text, "1.1.0");
    text.replace(text.find("\"cniVersion\":"), 21, "");
    EXPECT_EQ(parse(text, GetParam()), named) << text;
}

TEST_P(EveryVersion, KeepsAddressesRoutesAndDnsOnItsWayToTheNewestShape) {
    const Result newest = parse(full_1);
    const Result converted = parse(with_version(full_text(GetParam()), GetParam()), "1.1.0");
    ASSERT_EQ(converted.ips.size(), 2u);
    EXPECT_EQ(converted.ips[0].address, newest.ips[0].address);
    EXPECT_EQ(converted.ips[0].gateway, newest.ips[0].gateway);
    EXPECT_EQ(converted.ips[1].address, newest.ips[1].address);
    ASSERT_EQ(converted.routes.size(), 2u);
    EXPECT_EQ(converted.routes[0].dst, newest.routes[0].dst);
    EXPECT_EQ(converted.routes[0].gw, newest.routes[0].gw);
    EXPECT_EQ(converted.dns, newest.dns);
}

INSTANTIATE_TEST_SUITE_P(Result, EveryVersion, ::testing::ValuesIn(supported_versions),
                         [](const auto& each) {
                             std::string name = "v";
                             for (const char c : each.param) name += c == '.' ? '_' : c;
                             return name;
                         });

TEST(ResultText, IsIndentedByFourBlanksWithoutAFinalNewline) {
    EXPECT_EQ(parse(R"({"ips": [{"address": "127.0.0.1/8", "interface": 0}]})").print("0.4.0"),
              "{\n"
              "    \"cniVersion\": \"0.4.0\",\n"
              "    \"ips\": [\n"
              "        {\n"
              "            \"version\": \"4\",\n"
              "            \"interface\": 0,\n"
              "            \"address\": \"127.0.0.1/8\"\n"
              "        }\n"
              "    ],\n"
              "    \"dns\": {}\n"
              "}");
}

TEST(ResultText, EmptyResultsHoldTheVersionAndTheDnsOfOldShapes) {
    for (const char* version : {"1.0.0", "1.1.0"})
        EXPECT_EQ(Result{}.print_compact(version), cat(R"({"cniVersion":")", version, "\"}"));
    for (const char* version : {"0.3.0", "0.3.1", "0.4.0"})
        EXPECT_EQ(Result{}.print_compact(version),
                  cat(R"({"cniVersion":")", version, R"(","dns":{}})"));
}

TEST(ResultText, LegacyWithoutVersionIsPrintedAsTheFirst) {
    EXPECT_EQ(parse(R"({"ip6": {"ip": "::1/128"}})", "").print_compact(""),
              R"({"cniVersion":"0.1.0","ip6":{"ip":"::1/128"},"dns":{}})");
}

TEST(ResultText, InterfaceNameIsPrintedWhenEmpty) {
    const Result result = parse(R"({"interfaces": [{}]})");
    EXPECT_EQ(result.print_compact("1.0.0"),
              R"({"cniVersion":"1.0.0","interfaces":[{"name":""}]})");
    EXPECT_EQ(result.print_compact("0.4.0"),
              R"({"cniVersion":"0.4.0","interfaces":[{"name":""}],"dns":{}})");
}

TEST(ResultText, ZeroIsUnsetForSizesAndAValueForTableScopeAndInterface) {
    EXPECT_EQ(parse(R"({"routes": [{"dst": "::/0", "mtu": 0, "advmss": 0, "priority": 0,
                                    "table": 0, "scope": 0}]})")
                  .print_compact("1.1.0"),
              R"({"cniVersion":"1.1.0","routes":[{"dst":"::/0","scope":0,"table":0}]})");
}

TEST(ResultText, StringsAreEscaped) {
    EXPECT_EQ(
        parse(R"({"interfaces": [{"name": "<a&\u2028\"\u0001", "sandbox": "ä"}]})")
            .print_compact("1.1.0"),
        R"({"cniVersion":"1.1.0","interfaces":[{"name":"\u003ca\u0026\u2028\"\u0001","sandbox":"ä"}]})");
}

TEST(ResultText, LegacyTakesTheFirstAddressOfAFamily) {
    const Result result = parse(R"({"ips": [{"address": "fd00::1/64"}, {"address": "10.0.0.1/8"},
        {"address": "10.0.0.2/8"}, {"address": "fd00::2/64"}]})");
    EXPECT_EQ(
        result.print_compact("0.1.0"),
        R"({"cniVersion":"0.1.0","ip4":{"ip":"10.0.0.1/8"},"ip6":{"ip":"fd00::1/64"},"dns":{}})");
}

TEST(ResultText, LegacyDropsRoutesOfAFamilyWithoutAddressAndTheirFurtherKeys) {
    const Result result = parse(R"({"ips": [{"address": "10.0.0.1/8"}],
        "routes": [{"dst": "::/0"}, {"dst": "10.1.0.0/16", "gw": "10.0.0.9", "mtu": 9, "table": 1}]})");
    EXPECT_EQ(result.print_compact("0.2.0"),
              R"({"cniVersion":"0.2.0","ip4":{"ip":"10.0.0.1/8",)"
              R"("routes":[{"dst":"10.1.0.0/16","gw":"10.0.0.9"}]},"dns":{}})");
}

TEST(ResultText, LegacyNeedsAnAddress) {
    const Result l2 = parse(R"({"interfaces": [{"name": "eth0"}]})");
    for (const char* version : {"0.1.0", "0.2.0"}) {
        const Error error = thrown([&] { l2.require_printable(version); });
        EXPECT_EQ(error.msg, "cannot convert: no valid IP addresses");
        EXPECT_EQ(error.code, Code::invalid_config);
        EXPECT_EQ(thrown([&] { l2.print(version); }).msg, error.msg);
    }
    for (const char* version : {"0.3.0", "0.4.0", "1.1.0"})
        EXPECT_NO_THROW(l2.require_printable(version));
}

TEST(ResultText, AddressesAreCanonical) {
    EXPECT_EQ(parse(R"({"ips": [{"address": "FD00:0:0::1/64", "gateway": "::ffff:10.0.0.1"},
                               {"address": "::ffff:10.1.2.3/120"}]})")
                  .print_compact("1.1.0"),
              R"({"cniVersion":"1.1.0","ips":[{"address":"fd00::1/64","gateway":"10.0.0.1"},)"
              R"({"address":"10.1.2.3/24"}]})");
}

TEST(ResultReading, OldShapesDropWhatTheyCannotSay) {
    const Result result = parse(R"({"cniVersion": "0.4.0", "interfaces":
        [{"name": "a", "mtu": 9, "socketPath": "/s", "pciID": "p", "other": 1}], "unknown": []})");
    EXPECT_EQ(result.print_compact("1.1.0"),
              R"({"cniVersion":"1.1.0","interfaces":[{"name":"a"}]})");
}

TEST(ResultReading, ExtendedKeysAreTakenFromOneDotZeroOn) {
    const Result result =
        parse(R"({"cniVersion": "1.0.0", "interfaces": [{"name": "a", "mtu": 9}]})");
    EXPECT_EQ(result.interfaces[0].mtu, 9u);
}

TEST(ResultReading, LegacyRoutesAreJoinedV4First) {
    const Result result = parse(R"({"cniVersion": "0.2.0",
        "ip6": {"ip": "fd00::1/64", "routes": [{"dst": "::/0"}]},
        "ip4": {"ip": "10.0.0.1/8", "routes": [{"dst": "10.1.0.0/16"}, {"dst": "0.0.0.0/0"}]}})");
    EXPECT_EQ(result.print_compact("0.4.0"),
              R"({"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.0.0.1/8"},)"
              R"({"version":"6","address":"fd00::1/64"}],)"
              R"("routes":[{"dst":"10.1.0.0/16"},{"dst":"0.0.0.0/0"},{"dst":"::/0"}],"dns":{}})");
}

TEST(ResultReading, AddressFamilyIsComputedWhenVersionIsMissing) {
    EXPECT_THAT(parse(R"({"cniVersion": "0.4.0", "ips": [{"address": "fd00::1/64"}]})")
                    .print_compact("0.4.0"),
                HasSubstr(R"("version":"6")"));
}

TEST(ResultReading, NullListsAndMembersAreAbsent) {
    EXPECT_EQ(parse(R"({"interfaces": null, "ips": null, "routes": null, "dns": null})"), Result{});
    EXPECT_EQ(parse(R"({"cniVersion": "0.2.0", "ip4": null, "ip6": null, "dns": null})"), Result{});
    EXPECT_EQ(parse("null"), Result{});
    EXPECT_EQ(parse("{}"), Result{});
}

TEST(ResultReading, NullElementsAreErrors) {
    for (const char* list : {"interfaces", "ips", "routes"}) {
        for (const char* version : {"0.4.0", "1.1.0"}) {
            const auto text = cat(R"({"cniVersion": ")", version, "\", \"", list, "\": [null]}");
            EXPECT_EQ(thrown([&] { parse(text); }).msg,
                      cat('"', list, "[0]\" must be an object, not null"));
        }
    }
    EXPECT_EQ(
        thrown([] {
            parse(R"({"cniVersion": "0.2.0", "ip4": {"ip": "10.0.0.1/8", "routes": [null]}})");
        }).msg,
        "\"ip4.routes[0]\" must be an object, not null");
}

TEST(ResultReading, AddressAndDestinationAreRequired) {
    EXPECT_EQ(thrown([] { parse(R"({"ips": [{}]})"); }).msg,
              "\"ips[0]\" needs the key \"address\"");
    EXPECT_EQ(thrown([] { parse(R"({"routes": [{"gw": "10.0.0.1"}]})"); }).msg,
              "\"routes[0]\" needs the key \"dst\"");
    EXPECT_EQ(thrown([] { parse(R"({"cniVersion": "0.1.0", "ip4": {}})"); }).msg,
              "\"ip4\" needs the key \"ip\"");
}

TEST(ResultReading, WrongTypesNameTheKey) {
    const auto message = [](std::string_view text) { return thrown([&] { parse(text); }).msg; };
    EXPECT_EQ(message(R"({"interfaces": {}})"), "\"interfaces\" must be a list, not an object");
    EXPECT_EQ(message(R"({"interfaces": [{"mtu": -1}]})"),
              "\"interfaces[0].mtu\" must be between 0 and 4294967295");
    EXPECT_EQ(message(R"({"ips": [{"address": "10.0.0.1"}]})"), "invalid CIDR address: 10.0.0.1");
    EXPECT_EQ(message(R"({"ips": [{"address": "10.0.0.1/8", "gateway": "x"}]})"),
              "invalid IP address: x");
    EXPECT_EQ(message(R"({"ips": [{"address": "10.0.0.1/8", "interface": "0"}]})"),
              "\"ips[0].interface\" must be an integer, not a string");
    EXPECT_EQ(message(R"({"routes": [{"dst": "::/0", "mtu": 1.5}]})"),
              "\"routes[0].mtu\" must be an integer without fraction or exponent");
    EXPECT_EQ(message(R"({"dns": []})"), "\"dns\" must be an object, not an array");
    EXPECT_EQ(message(R"({"dns": {"search": [1]}})"),
              "\"dns.search[0]\" must be a string, not a number");
    EXPECT_EQ(message("[]"), "configuration must be an object, not an array");
}

TEST(ResultReading, UnknownVersionsAreRefused) {
    const Error error = thrown([] { parse(R"({"cniVersion": "9.9.9"})"); });
    EXPECT_EQ(error.msg, "unsupported CNI result version \"9.9.9\"");
    EXPECT_EQ(error.code, Code::incompatible_version);
}

}  // namespace
}  // namespace cni
