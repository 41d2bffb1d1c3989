#include "cni/args.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "support/thrown.h"

namespace cni {
namespace {

using test::thrown;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr std::string_view known[] = {"IP", "MAC"};

std::map<std::string, std::string> parse(std::string_view text) {
    return parse_cni_args(text, known);
}

std::string args_error(std::string_view text) {
    const Error error = thrown([&] { parse(text); });
    EXPECT_EQ(error.code, Code::invalid_environment);
    return error.msg;
}

TEST(Args, IdentifiersStartWithALetterOrDigit) {
    for (const char* text : {"a", "0", "A_.-9", "K8S.pod-1"})
        EXPECT_TRUE(is_valid_identifier(text)) << text;
    EXPECT_TRUE(is_valid_identifier(std::string(5000, 'x')));
    for (const char* text : {"", "_a", ".a", "-a", "a b", "a/b", "a\n", "\na", "\u00e4", "a:b"})
        EXPECT_FALSE(is_valid_identifier(text)) << text;
}

TEST(Args, InterfaceNamesAreShortAndPlain) {
    for (const char* name :
         {"eth0", "a", "123456789012345", "eth0.5", "...", "e@th", "\u00e4\u00e4"}) {
        EXPECT_TRUE(is_ifname(name)) << name;
        EXPECT_NO_THROW(require_valid_ifname(name)) << name;
    }
}

TEST(Args, InterfaceNameErrorsSayWhatIsWrong) {
    const Error too_long = thrown([] { require_valid_ifname("1234567890123456"); });
    EXPECT_EQ(too_long.msg, "interface name is too long");
    EXPECT_EQ(too_long.details, "interface name should be less than 16 characters");
    EXPECT_EQ(too_long.code, Code::invalid_environment);
    // Bytes count, not characters.
    EXPECT_EQ(thrown([] {
                  require_valid_ifname("\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4");
              }).msg,
              "interface name is too long");
    for (const char* name : {".", ".."})
        EXPECT_EQ(thrown([&] { require_valid_ifname(name); }).msg, "interface name is . or ..");
    // The length is looked at first.
    EXPECT_EQ(thrown([] { require_valid_ifname("a/b/c/d/e/f/g/h/i"); }).msg,
              "interface name is too long");
}

TEST(Args, InterfaceNamesHoldNoSeparatorAndNoSpaceOfUnicode) {
    for (const char* name : {"a/b",    "a:b",     "a b",     "a\tb",   "a\nb",   "a\vb",   "a\fb",
                             "a\rb",   "a\u0085", "a\u00a0", "\u1680", "\u2000", "\u2001", "\u2002",
                             "\u2003", "\u2004",  "\u2005",  "\u2006", "\u2007", "\u2008", "\u2009",
                             "\u200a", "\u2028",  "\u2029",  "\u202f", "\u205f", "\u3000"}) {
        EXPECT_FALSE(is_ifname(name)) << name;
        EXPECT_EQ(thrown([&] { require_valid_ifname(name); }).msg,
                  "interface name contains / or : or whitespace characters");
    }
    EXPECT_FALSE(is_ifname(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_ifname(""));
    EXPECT_TRUE(is_ifname("\u200b"));  // zero width, but no white space
}

TEST(CniArgs, AreReadByKey) {
    EXPECT_THAT(parse(""), IsEmpty());
    EXPECT_THAT(parse("IP=10.0.0.1"), ElementsAre(Pair("IP", "10.0.0.1")));
    EXPECT_THAT(parse("MAC=a:b;IP="), ElementsAre(Pair("IP", ""), Pair("MAC", "a:b")));
    EXPECT_THAT(parse("IP=1;IP=2"), ElementsAre(Pair("IP", "2")));
}

TEST(CniArgs, PairsHaveExactlyOneEqualsSign) {
    EXPECT_EQ(args_error("IP"), "ARGS: invalid pair \"IP\"");
    EXPECT_EQ(args_error("IP=a=b"), "ARGS: invalid pair \"IP=a=b\"");
    EXPECT_EQ(args_error("IP=a;"), "ARGS: invalid pair \"\"");
    EXPECT_EQ(args_error(";"), "ARGS: invalid pair \"\"");
    EXPECT_EQ(args_error("IgnoreUnknown=1;x"), "ARGS: invalid pair \"x\"");
}

TEST(CniArgs, UnknownKeysAreFatalUnlessIgnored) {
    EXPECT_EQ(args_error("A=b;IP=1;C=d"), R"(ARGS: unknown args ["A=b" "C=d"])");
    EXPECT_EQ(args_error("ip=1"), R"(ARGS: unknown args ["ip=1"])");  // letters count
    EXPECT_EQ(args_error("A=b;IgnoreUnknown=0"), R"(ARGS: unknown args ["A=b"])");
    for (const char* flag : {"1", "true", "TRUE", "True"})
        EXPECT_THAT(parse(cat("A=b;IgnoreUnknown=", flag, ";IP=1")), ElementsAre(Pair("IP", "1")))
            << flag;
    // The order does not matter, the last word does.
    EXPECT_THAT(parse("IgnoreUnknown=false;A=b;IgnoreUnknown=1"), IsEmpty());
    EXPECT_EQ(args_error("IgnoreUnknown=1;A=b;IgnoreUnknown=false"),
              R"(ARGS: unknown args ["A=b"])");
}

TEST(CniArgs, IgnoreUnknownIsABoolean) {
    EXPECT_EQ(args_error("IgnoreUnknown=Yes"),
              "ARGS: error parsing value of pair \"IgnoreUnknown=Yes\": "
              "boolean unmarshal error: invalid input yes");
    EXPECT_THAT(args_error("IgnoreUnknown="), ::testing::HasSubstr("invalid input "));
}

TEST(CniArgs, LenientReadingNeverFails) {
    EXPECT_THAT(parse_cni_args_leniently("IP=1;x;A=b=c;IgnoreUnknown=maybe;Z=2;"),
                ElementsAre(Pair("A", "b=c"), Pair("IP", "1"), Pair("IgnoreUnknown", "maybe"),
                            Pair("Z", "2")));
    EXPECT_THAT(parse_cni_args_leniently(""), IsEmpty());
}

TEST(Args, ComeFromTheEnvironmentAndUnsetIsEmpty) {
    for (const char* name : {"CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME",
                             "CNI_ARGS", "CNI_PATH", "CNI_NETNS_OVERRIDE"})
        ::unsetenv(name);
    EXPECT_EQ(Args::from_environment().command, "");
    ::setenv("CNI_COMMAND", "ADD", 1);
    ::setenv("CNI_NETNS", "/run/x", 1);
    EXPECT_EQ(Args::from_environment().command, "ADD");
    EXPECT_EQ(Args::from_environment().netns, "/run/x");
    EXPECT_FALSE(Args::from_environment().allow_own_netns);
}

TEST(Args, OverrideIsOneOrTrueInAnyCase) {
    const auto read = [](const char* value) {
        ::setenv("CNI_NETNS_OVERRIDE", value, 1);
        return Args::from_environment().allow_own_netns;
    };
    for (const char* value : {"1", "true", "TRUE", "tRuE"}) EXPECT_TRUE(read(value)) << value;
    for (const char* value : {"", "0", "yes", "t", "false", " 1"})
        EXPECT_FALSE(read(value)) << value;
}

}  // namespace
}  // namespace cni
