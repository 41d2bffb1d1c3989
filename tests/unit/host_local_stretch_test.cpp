#include "ipam/host-local/stretch.h"

#include <gmock/gmock.h>

#include <set>

#include "base/text.h"

namespace cni::host_local {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Stretch stretch(std::string_view first, std::string_view last) {
    return {*Ip::parse(first), *Ip::parse(last)};
}

std::vector<std::string> texts(const std::vector<Stretch>& stretches) {
    std::vector<std::string> out;
    for (const Stretch& each : stretches)
        out.push_back(cat(each.first.to_string(), "-", each.last.to_string()));
    return out;
}

const std::vector<Stretch> some = {stretch("10.0.0.10", "10.0.0.19"),
                                   stretch("10.0.0.0", "10.0.0.4")};

TEST(HostLocalStretches, KeepTheirOrderWithoutOthers) {
    EXPECT_THAT(texts(without(some, {})), ElementsAre("10.0.0.10-10.0.0.19", "10.0.0.0-10.0.0.4"));
    EXPECT_THAT(texts(without(some, {stretch("10.0.0.15", "10.0.0.15"), stretch("fd00::", "fd01::"),
                                     stretch("10.0.0.0", "10.0.0.1")})),
                ElementsAre("10.0.0.10-10.0.0.14", "10.0.0.16-10.0.0.19", "10.0.0.2-10.0.0.4"));
}

TEST(HostLocalStretches, LoseWhatOverlapsOrReachesOver) {
    EXPECT_THAT(
        texts(without(some, {stretch("10.0.0.12", "10.0.0.16"), stretch("10.0.0.13", "10.0.0.14"),
                             stretch("10.0.0.16", "10.0.0.17"), stretch("10.0.0.3", "10.0.0.10")})),
        ElementsAre("10.0.0.11-10.0.0.11", "10.0.0.18-10.0.0.19", "10.0.0.0-10.0.0.2"));
    EXPECT_THAT(without(some, {stretch("0.0.0.0", "255.255.255.255")}), IsEmpty());
}

TEST(HostLocalStretches, MayBeAllThereIs) {
    const Ip last = *Ip::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    const std::vector<Stretch> all = {{*Ip::parse("::"), last}};
    EXPECT_THAT(texts(without(all, {Stretch::of(last), Stretch::of(*Prefix::parse("::/1"))})),
                ElementsAre("8000::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"));
    EXPECT_TRUE(random_of(all));
}

TEST(HostLocalStretches, HaveAnyOfTheirAddressesAtRandom) {
    std::set<std::string> seen;
    for (int i = 0; i < 2000; ++i) seen.insert(random_of(some)->to_string());
    EXPECT_EQ(seen.size(), 15u);
    EXPECT_EQ(random_of({}), std::nullopt);
    for (const std::string& text : seen) {
        const Ip ip = *Ip::parse(text);
        EXPECT_TRUE(some[0].contains(ip) || some[1].contains(ip)) << text;
    }
}

}  // namespace
}  // namespace cni::host_local
