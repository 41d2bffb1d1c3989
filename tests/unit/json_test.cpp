#include "cni/json.h"

#include <gmock/gmock.h>

#include "support/thrown.h"

namespace cni {
namespace {

using test::thrown;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Json parse(std::string_view text) {
    return Json::parse(text, "conf");
}

std::string parse_error(std::string_view text) {
    const Error error = thrown([&] { parse(text); });
    EXPECT_EQ(error.code, Code::decoding_failure);
    return error.msg;
}

std::string nested(int depth, const char* open, const char* close) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    for (int i = 0; i < depth; ++i) text += close;
    return text;
}

TEST(Json, ErrorsNameLineAndColumn) {
    EXPECT_THAT(parse_error(R"({ "cniVersion": "9.2.0, "name": "mynet" })"),
                StartsWith("conf: line 1, column 27: "));
    EXPECT_THAT(parse_error("{\n  # bridge\n  \"name\": \"x\"\n}"),
                StartsWith("conf: line 2, column 3: "));
    EXPECT_THAT(parse_error("{\n  \"name\": \"x\",\n}"), StartsWith("conf: line 3, column 1: "));
    EXPECT_THAT(parse_error("{\"a\": [1, 2,]}"), StartsWith("conf: line 1, column 13: "));
    EXPECT_THAT(parse_error("// x\n{}"), StartsWith("conf: line 1, column 1"));
    EXPECT_THAT(parse_error("{\"a\":1} trailing"), StartsWith("conf: line 1, column 11: "));
    EXPECT_THAT(parse_error("{'a':1}"), StartsWith("conf: line 1, column 2: "));
    EXPECT_THAT(parse_error("{\"a\":\"\xff\"}"), StartsWith("conf: line 1, column 7: "));
}

TEST(Json, EmptyTextEndsTooEarly) {
    for (const char* text : {"", " \n\t", "{", "[", "{\"a\":", "\"x"})
        EXPECT_THAT(parse_error(text), HasSubstr("line ")) << text;
    EXPECT_THAT(parse_error(""), HasSubstr("unexpected end of input"));
}

TEST(Json, NumbersMustBeFinite) {
    EXPECT_EQ(parse_error("[1e999]"), "conf: number overflow parsing '1e999'");
}

TEST(Json, ErrorsStayShortForLongTexts) {
    EXPECT_LT(parse_error(cat("{\"a\": \"", std::string(100000, 'x'))).size(), 400u);
    EXPECT_LT(parse_error(cat("{\"", std::string(100000, 'x'), "\" 1}")).size(), 400u);
}

TEST(Json, NulBytesEndNoDocument) {
    EXPECT_THAT(parse_error(std::string_view("{}\0", 3)), HasSubstr("line 1, column 3"));
    EXPECT_THAT(parse_error(std::string_view("{}\n \0garbage", 12)), HasSubstr("line 2, column 2"));
}

TEST(Json, StringsWithNulAreRefusedWhereTheyAreUsed) {
    const Json json = parse(R"({"path": "/run\u0000/x"})");
    const Error error = thrown([&] { json.string_or("path", ""); });
    EXPECT_EQ(error.code, Code::invalid_config);
    EXPECT_EQ(error.msg, "\"path\" must not contain a NUL character");
}

TEST(Json, DepthIsLimited) {
    EXPECT_NO_THROW(parse(nested(max_json_depth, "[", "]")));
    EXPECT_THAT(parse_error(nested(max_json_depth + 1, "[", "]")),
                HasSubstr("nested deeper than 128"));
    EXPECT_THAT(parse_error(nested(1 << 20, "[", "]")), HasSubstr("nested deeper than 128"));
    EXPECT_THAT(parse_error(std::string(max_json_size, '[')), HasSubstr("nested deeper than 128"));
    EXPECT_THAT(parse_error(nested(500000, "{\"a\":", "}")), HasSubstr("nested deeper than 128"));
}

TEST(Json, SizeIsLimited) {
    EXPECT_NO_THROW(parse(cat("{}", std::string(max_json_size - 2, ' '))));
    EXPECT_EQ(parse_error(cat("{}", std::string(max_json_size - 1, ' '))),
              "conf: larger than 4194304 bytes");
}

TEST(Json, NumberOfValuesIsLimited) {
    const auto list = [](std::size_t values, std::string_view value) {
        std::string text = "[";
        for (std::size_t i = 2; i < values; ++i) text += cat(value, ",");
        return cat(text, value, "]");
    };
    for (const char* value : {"0", "[]", "\"\"", "{}", "null"}) {
        EXPECT_NO_THROW(parse(list(max_json_values, value))) << value;
        EXPECT_EQ(parse_error(list(max_json_values + 1, value)), "conf: more than 524288 values")
            << value;
    }
}

TEST(Json, KeysMatchInAnyLetterCaseAndTheLastOneWins) {
    EXPECT_EQ(parse(R"({"MTU": 1})").int_or("mtu", 0, 9, 0), 1);
    EXPECT_EQ(parse(R"({"mtu": 1, "MTU": 2})").int_or("mtu", 0, 9, 0), 2);
    EXPECT_EQ(parse(R"({"MTU": 2, "mtu": 1})").int_or("mtu", 0, 9, 0), 1);
    EXPECT_EQ(parse(R"({"mtu": 1, "mtu": 2})").int_or("mtu", 0, 9, 0), 2);
    EXPECT_FALSE(parse(R"({"mtux": 1, "mt": 2})").find("mtu"));
    EXPECT_TRUE(parse(R"({"a": 1, "A": 2})").find_exact("a"));
    EXPECT_FALSE(parse(R"({"A": 2})").find_exact("a"));
}

TEST(Json, OnlyLettersHaveCase) {
    EXPECT_FALSE(parse(R"({"a[b": 1})").find("A{b"));
    EXPECT_FALSE(parse(R"({"a@b": 1})").find("a`b"));
}

TEST(Json, NullLeavesTheKeyAtItsDefault) {
    const Json json = parse(R"({"a": null, "b": 1, "B": null})");
    EXPECT_FALSE(json.find("a"));
    EXPECT_EQ(json.string_or("a", "default"), "default");
    EXPECT_EQ(json.int_or("b", 0, 9, 0), 1);
    EXPECT_TRUE(json.list("a").empty());
    EXPECT_TRUE(json.find_exact("a")->is_null());
}

TEST(Json, TypesAreNotConverted) {
    const Json json = parse(R"({"s": "1", "n": 1, "b": true, "l": [], "o": {}})");
    EXPECT_EQ(thrown([&] { json.int_or("s", 0, 9, 0); }).msg,
              "\"s\" must be an integer, not a string");
    EXPECT_EQ(thrown([&] { json.string_or("n", ""); }).msg, "\"n\" must be a string, not a number");
    EXPECT_EQ(thrown([&] { json.bool_or("n", false); }).msg,
              "\"n\" must be true or false, not a number");
    EXPECT_EQ(thrown([&] { json.bool_or("s", false); }).msg,
              "\"s\" must be true or false, not a string");
    EXPECT_EQ(thrown([&] { json.list("o"); }).msg, "\"o\" must be a list, not an object");
    EXPECT_EQ(thrown([&] { json.find("l")->require_object(); }).msg,
              "\"l\" must be an object, not an array");
    EXPECT_EQ(thrown([&] { json.find("b")->members(); }).msg,
              "\"b\" must be an object, not a bool");
    EXPECT_EQ(thrown([&] { json.string_list("s"); }).code, Code::invalid_config);
}

TEST(Json, IntegersHaveNeitherFractionNorExponent) {
    const auto read = [](std::string_view text) { return parse(text).as_int(-10, 5000000000); };
    EXPECT_EQ(read("4294967296"), 4294967296);
    EXPECT_EQ(read("-10"), -10);
    for (const char* text : {"5.0", "1e3", "1E3", "-1.5"})
        EXPECT_EQ(thrown([&] { read(text); }).msg,
                  "configuration must be an integer without fraction or exponent");
    for (const char* text : {"-11", "5000000001", "99999999999999999999999"})
        EXPECT_EQ(thrown([&] { read(text); }).msg,
                  "configuration must be between -10 and 5000000000");
}

TEST(Json, ErrorsCarryThePathAndTheValue) {
    const Json json = parse(R"({"ipam": {"ranges": [[{}, {"subnet": "x"}]]}})");
    const Json ranges = json.find("ipam")->list("ranges")[0];
    const Json subnet = *ranges.as_list()[1].find("subnet");
    EXPECT_EQ(subnet.path(), "ipam.ranges[0][1].subnet");
    const Error error = subnet.invalid("is bad");
    EXPECT_EQ(error.msg, "\"ipam.ranges[0][1].subnet\" is bad");
    EXPECT_EQ(error.details, "\"x\"");
    EXPECT_EQ(error.code, Code::invalid_config);
    EXPECT_LT(
        parse(cat("{\"a\": \"", std::string(5000, 'x'), "\"}")).invalid("is bad").details.size(),
        300u);
}

TEST(Json, AddressesAreRead) {
    const Json json =
        parse(R"({"ip": "10.0.0.1", "cidr": "10.0.0.1/8", "none": "", "bad": "x", "n": 1})");
    EXPECT_EQ(json.ip("ip"), Ip::parse("10.0.0.1"));
    EXPECT_EQ(json.prefix("cidr"), Prefix::parse("10.0.0.1/8"));
    EXPECT_FALSE(json.ip("none"));
    EXPECT_FALSE(json.prefix("none"));
    EXPECT_FALSE(json.ip("absent"));
    const Error ip = thrown([&] { json.ip("bad"); });
    EXPECT_EQ(ip.msg, "invalid IP address: x");
    EXPECT_EQ(ip.details, "key \"bad\"");
    EXPECT_EQ(thrown([&] { json.prefix("ip"); }).msg, "invalid CIDR address: 10.0.0.1");
    EXPECT_EQ(thrown([&] { json.ip("n"); }).msg, "\"n\" must be a string, not a number");
}

TEST(Json, DumpSortsKeysResolvesRepeatedOnesAndKeepsDigits) {
    EXPECT_EQ(
        parse(
            R"({"b": [1.50, 1e3, 18446744073709551616, true, null], "a": {}, "b2": 1, "b2": "x"})")
            .dump(),
        R"({"a":{},"b":[1.50,1e3,18446744073709551616,true,null],"b2":"x"})");
}

TEST(Json, ValuesOutliveTheirDocument) {
    Json inner;
    {
        const Json json = parse(R"({"a": {"b": ["kept"]}})");
        inner = json.find("a")->list("b")[0];
    }
    EXPECT_EQ(inner.as_string(), "kept");
    EXPECT_TRUE(Json().is_null());
}

TEST(Json, OffsetsPointAtKeysAndElements) {
    const std::string_view text = "{\n  \"a\": [ 1,\n    \"x\" ]\n}";
    const Json a = *parse(text).find("a");
    EXPECT_EQ(text.substr(a.offset(), 3), "\"a\"");
    EXPECT_EQ(text.substr(a.as_list()[1].offset(), 3), "\"x\"");
    const TextPosition position = text_position(text, a.as_list()[1].offset());
    EXPECT_EQ(position.line, 3u);
    EXPECT_EQ(position.column, 5u);
}

TEST(Json, MembersAreInTheOrderWritten) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : parse(R"({"b": 1, "a": 2, "b": 3})").members())
        keys.push_back(key);
    EXPECT_THAT(keys, ElementsAre("b", "a", "b"));
    EXPECT_TRUE(Json().members().empty());
}

}  // namespace
}  // namespace cni
