#include "ipam/host-local/policy.h"

#include <gmock/gmock.h>

#include "ipam/host-local/config.h"

namespace cni::host_local {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Config parse(const std::string& keys, const std::string& cni_args = "",
             const std::string& beside = "") {
    Request request;
    request.args.container_id = "c1";
    request.args.cni_args = cni_args;
    request.conf = NetConf::parse(
        cat(R"({"cniVersion":"1.0.0","name":"net","ipam":{"ranges":[[{"subnet":"10.1.2.0/24"}],
             [{"subnet":"fd00::/64"}]])",
            keys.empty() ? "" : ",", keys, "}", beside, "}"));
    return parse_config(request);
}

std::string error_of(const std::string& keys) {
    try {
        parse(keys);
    } catch (const Error& error) {
        EXPECT_EQ(error.code, Code::invalid_config) << error.msg;
        return error.msg;
    }
    return "no error";
}

std::string reserved(const std::string& elements, const std::string& more = "") {
    return error_of(cat(R"("reserve":[)", elements, "]", more));
}

TEST(HostLocalPolicy, IsNothingByDefault) {
    const Policy policy = parse("").policy;
    EXPECT_THAT(policy.excluded, IsEmpty());
    EXPECT_THAT(policy.reserved, IsEmpty());
    EXPECT_EQ(policy.sticky, std::nullopt);
    EXPECT_EQ(policy.cooldown, 0);
    EXPECT_EQ(policy.strategy, Strategy::round_robin);
    EXPECT_THAT(policy.known_args(), ElementsAre("IP"));
}

TEST(HostLocalPolicy, ExcludesAddressesAndNetworks) {
    const Policy policy =
        parse(R"("exclude":["10.1.2.9","10.1.2.64/26","fd00::f000/116","192.0.2.0/24"])").policy;
    const auto key_of = [&](std::string_view ip) {
        const Exclusion* found = policy.find_excluded(*Ip::parse(ip));
        return found ? found->key : "";
    };
    EXPECT_EQ(key_of("10.1.2.8"), "");
    EXPECT_EQ(key_of("10.1.2.9"), "ipam.exclude[0]");
    EXPECT_EQ(key_of("10.1.2.127"), "ipam.exclude[1]");
    EXPECT_EQ(key_of("10.1.2.128"), "");
    EXPECT_EQ(key_of("fd00::ffff"), "ipam.exclude[2]");
}

TEST(HostLocalPolicy, RefusesWhatIsNoAddressAndNoNetwork) {
    EXPECT_EQ(error_of(R"("exclude":["10.1.2"])"),
              "\"ipam.exclude[0]\" \"10.1.2\" is no address and no CIDR");
    EXPECT_EQ(error_of(R"("exclude":["10.1.2.9","10.1.2.9/24"])"),
              "\"ipam.exclude[1]\" \"10.1.2.9/24\" has host bits set");
    EXPECT_THAT(error_of(R"("exclude":"10.1.2.9")"), HasSubstr("ipam.exclude"));
    EXPECT_THAT(error_of(R"("exclude":[7])"), HasSubstr("ipam.exclude[0]"));
}

TEST(HostLocalPolicy, RefusesWhatIsNoReservation) {
    EXPECT_THAT(reserved("7"), HasSubstr("\"ipam.reserve[0]\" must be an object"));
    EXPECT_THAT(reserved(R"({"pod":"a/b"})"), HasSubstr("\"ipam.reserve[0]\" needs \"address\""));
    EXPECT_EQ(reserved(R"({"address":"x","pod":"a/b"})"), "invalid IP address: x");
    EXPECT_THAT(reserved(R"({"address":"10.1.2.9"})"),
                HasSubstr("\"ipam.reserve[0]\" needs one of pod, containerID, mac"));
    EXPECT_THAT(reserved(R"({"address":"10.1.2.9","pod":"a/b","mac":"02:00:00:00:00:01"})"),
                HasSubstr("may have one only of pod, containerID, mac"));
    for (const char* pod : {"b", "/b", "a/", "a/b/c", "a b/c", ""})
        EXPECT_THAT(reserved(cat(R"({"address":"10.1.2.9","pod":")", pod, "\"}")),
                    HasSubstr("is no pod, which is written NAMESPACE/NAME"))
            << pod;
    EXPECT_THAT(reserved(R"({"address":"10.1.2.9","mac":"02:00:00:00:00"})"),
                HasSubstr("\"ipam.reserve[0].mac\" \"02:00:00:00:00\" is no MAC address"));
    EXPECT_THAT(reserved(R"({"address":"10.1.2.9","containerID":"../x"})"),
                HasSubstr("is no container id"));
}

TEST(HostLocalPolicy, RefusesReservationsThatContradict) {
    EXPECT_EQ(reserved(R"({"address":"10.1.2.9","pod":"a/b"})", R"(,"exclude":["10.1.2.8/29"])"),
              "\"ipam.reserve[0]\": address 10.1.2.9 is excluded by \"ipam.exclude[0]\"");
    EXPECT_EQ(reserved(R"({"address":"10.1.2.1","pod":"a/b"})"),
              "\"ipam.reserve[0]\": address 10.1.2.1 is the gateway of a range");
    EXPECT_EQ(reserved(R"({"address":"10.1.3.9","pod":"a/b"})"),
              "\"ipam.reserve[0]\": address 10.1.3.9 is in none of the ranges");
    EXPECT_EQ(reserved(R"({"address":"10.1.2.255","pod":"a/b"})"),
              "\"ipam.reserve[0]\": address 10.1.2.255 is in none of the ranges");
    EXPECT_EQ(reserved(R"({"address":"10.1.2.9","pod":"a/b"},{"address":"10.1.2.9","pod":"a/c"})"),
              "\"ipam.reserve[1]\": address 10.1.2.9 is reserved already, by \"ipam.reserve[0]\"");
    EXPECT_EQ(reserved(R"({"address":"10.1.2.8","mac":"02-00-00-00-00-01"},
                          {"address":"10.1.2.9","mac":"02:00:00:00:00:01"})"),
              "\"ipam.reserve[1]\": address 10.1.2.9 is the second one for mac 02:00:00:00:00:01 "
              "behind \"ipam.reserve[0]\"");
}

TEST(HostLocalPolicy, TheRuntimeMayBringTheRangeOfAReservation) {
    const std::string keys = R"("reserve":[{"address":"10.9.0.9","pod":"a/b"}])";
    const std::string capable = R"(,"capabilities":{"ipRanges":true})";
    EXPECT_EQ(parse(keys, "", capable).policy.reserved.size(), 1u);
    EXPECT_NO_THROW(parse(keys, "", capable + R"(,"runtimeConfig":{"ipRanges":[[
                                                  {"subnet":"10.9.0.0/24"}]]})"));
    EXPECT_THROW(parse(keys, "", capable + R"(,"runtimeConfig":{"ipRanges":[]})"), Error);
}

TEST(HostLocalPolicy, AnOwnerMayHaveOneInEachSet) {
    EXPECT_EQ(reserved(R"({"address":"10.1.2.9","pod":"a/b"},{"address":"fd00::9","pod":"a/b"},
                          {"address":"10.1.2.8","containerID":"c1"})"),
              "no error");
}

TEST(HostLocalPolicy, RefusesWordsAndNumbersItDoesNotKnow) {
    EXPECT_THAT(error_of(R"("sticky":"name")"), HasSubstr("must be one of pod, containerID, mac"));
    EXPECT_THAT(error_of(R"("strategy":"")"), HasSubstr("must be one of round-robin, random"));
    for (const char* cooldown : {"-1", "604801", "1.5", "\"30\""})
        EXPECT_THAT(error_of(cat("\"cooldown\":", cooldown)), HasSubstr("ipam.cooldown"));
    EXPECT_EQ(error_of(R"("cooldown":604800)"), "no error");
}

TEST(HostLocalPolicy, KnowsWhoAsks) {
    const std::string args =
        "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=db-0;"
        "MAC=02:00:00:00:00:0A";
    const auto names = [&](const std::string& keys, const std::string& cni_args) {
        std::vector<std::string> all;
        for (const Owner& owner : parse(keys, cni_args).owners) all.push_back(owner.to_string());
        return all;
    };
    EXPECT_THAT(names("", args), IsEmpty());
    EXPECT_THAT(names(R"("sticky":"pod")", args), ElementsAre("pod ns/db-0"));
    EXPECT_THAT(names(R"("sticky":"pod")", "K8S_POD_NAMESPACE=ns;K8S_POD_NAME=db-0"),
                ElementsAre("pod ns/db-0"));
    EXPECT_THAT(names(R"("sticky":"pod")", "K8S_POD_NAME=db-0"), IsEmpty());
    EXPECT_THAT(names(R"("sticky":"containerID")", args), ElementsAre("containerID c1"));
    EXPECT_THAT(names(R"("sticky":"mac")", args), ElementsAre("mac 02:00:00:00:00:0a"));
    EXPECT_THAT(names(R"("reserve":[{"address":"10.1.2.9","mac":"02:00:00:00:00:01"}])", ""),
                IsEmpty());
}

TEST(HostLocalPolicy, TheRuntimesMacGoesBeforeThoseOfArguments) {
    const auto owner = [](const std::string& beside) {
        return parse(R"("sticky":"mac")", "MAC=02:00:00:00:00:01", beside).owners[0].name;
    };
    EXPECT_EQ(owner(""), "02:00:00:00:00:01");
    EXPECT_EQ(owner(R"(,"args":{"cni":{"mac":"02:00:00:00:00:02"}})"), "02:00:00:00:00:02");
    EXPECT_EQ(owner(R"(,"args":{"cni":{"mac":"02:00:00:00:00:02"}},
                       "runtimeConfig":{"mac":"02:00:00:00:00:03"})"),
              "02:00:00:00:00:03");
}

TEST(HostLocalPolicy, DelAndGcSeeACooldownWhateverElseIsWrong) {
    const auto rests = [](const std::string& ipam) {
        return has_cooldown(
            NetConf::parse(cat(R"({"cniVersion":"1.0.0","name":"net","ipam":)", ipam, "}")));
    };
    EXPECT_TRUE(rests(R"({"cooldown":5,"ranges":7,"exclude":"x"})"));
    EXPECT_FALSE(rests(R"({"cooldown":0})"));
    EXPECT_FALSE(rests(R"({"cooldown":"5"})"));
    EXPECT_FALSE(rests(R"({})"));
    EXPECT_FALSE(rests("7"));
}

}  // namespace
}  // namespace cni::host_local
