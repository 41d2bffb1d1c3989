#include "plugins/flannel/record.h"

#include <gmock/gmock.h>

#include "support/thrown.h"

namespace cni::flannel {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Record parse(const std::string& text) {
    return Record::parse(text, "the file");
}

constexpr const char* theirs =
    R"({"cniVersion":"1.0.0","ipam":{"ranges":[[{"subnet":"10.1.17.0/24"}],)"
    R"([{"subnet":"2001:db8:0:1::/64"}]],"type":"host-local"},"name":"mynet","type":"bridge"})";

TEST(FlannelRecord, IsWhatTheReferencePluginWrites) {
    const Record record = parse(theirs);
    EXPECT_EQ(record.network, "mynet");
    EXPECT_EQ(record.type, "bridge");
    EXPECT_TRUE(record.is_nameless());
    EXPECT_THAT(record.subnets,
                ElementsAre(Prefix::parse("10.1.17.0/24"), Prefix::parse("2001:db8:0:1::/64")));
    EXPECT_EQ(record.config.text(), theirs);
}

TEST(FlannelRecord, SaysWhoseItIsUnderAKeyOfItsOwn) {
    Record record = parse(theirs);
    record.attachment = {"c1", "eth0"};
    record.netns = "/run/netns/c1";
    record.boot_id = "a-boot";
    const Record again = parse(record.print());
    EXPECT_EQ(again.attachment, record.attachment);
    EXPECT_EQ(again.netns, "/run/netns/c1");
    EXPECT_EQ(again.boot_id, "a-boot");
    EXPECT_EQ(again.config.text(), theirs);
    EXPECT_EQ(again.print(), record.print());
}

TEST(FlannelRecord, SubnetsThatAreNoneAreTheDelegatesMatter) {
    for (const char* ipam : {"5", "{}", R"({"ranges":5})", R"({"ranges":[5,[7,{},{"subnet":5}]]})",
                             R"({"ranges":[[{"subnet":"x"}],[{"subnet":null}]]})"})
        EXPECT_THAT(parse(cat(R"({"name":"n","type":"x","ipam":)", ipam, "}")).subnets, IsEmpty())
            << ipam;
}

TEST(FlannelRecord, IsGarbledWithoutADelegate) {
    for (const char* text :
         {"", "null", "[]", "{", "{}", R"({"type":""})", R"({"type":5})", R"({"type":"flannel"})",
          R"({"type":"a/b"})", R"({"name":5,"type":"x"})", R"({"type":"x","cnixx":5})",
          R"({"type":"x","cnixx":{"ifname":5}})"}) {
        const Error error = test::thrown([&] { parse(text); });
        EXPECT_EQ(error.msg, "saved configuration the file is garbled") << text;
        EXPECT_EQ(error.code, Code::decoding_failure);
    }
}

}  // namespace
}  // namespace cni::flannel
