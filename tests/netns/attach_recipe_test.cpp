// What plugins whose link lies in the container share: making it, and the way back.
#include <gtest/gtest.h>

#include "attach/new_attachment.h"
#include "attach/parent.h"
#include "attach_fixture.h"

namespace cni {
namespace {

using test::TestNetns;

class AttachRecipe : public test::AttachTest {};

TEST_F(AttachRecipe, ALinkIsMadeInPlaceAndTakenBack) {
    const TestNetns c("c1");
    shell("ip link add m0 mtu 1400 type veth peer name m1; ip link set m0 up; ip link set m1 up");
    const Request its = request(c);
    {
        NewAttachment attachment(its);
        const Parent parent({.name = "m0"}, attachment.host, attachment.container);
        const Link link = attachment.make_link(
            parent.rtnl, {.mtu = 1300, .parent = parent.link.index, .kind = Macvlan{}});
        EXPECT_EQ(link.name, "eth0");
        EXPECT_EQ(link.mtu, 1300U);
        EXPECT_TRUE(link.is<Macvlan>());
        EXPECT_EQ(link.parent.index, parent.link.index);
    }
    EXPECT_EQ(c.output_of({"ip", "-o", "link", "show", "type", "macvlan"}), "");
    NewAttachment attachment(its);
    const Parent parent({.name = "m0"}, attachment.host, attachment.container);
    const Link link = attachment.make_link(
        parent.rtnl, {.parent = parent.link.index, .kind = Macvlan{.mode = Macvlan::Mode::vepa}});
    const Result result = attachment.finish_with(link);
    EXPECT_EQ(result.interfaces.front().mac, link.mac.to_string());
    const std::string shown = c.output_of({"ip", "-d", "-o", "link", "show", "eth0"});
    EXPECT_NE(shown.find("macvlan mode vepa"), std::string::npos) << shown;
    EXPECT_NE(shown.find(",UP"), std::string::npos) << shown;
    EXPECT_NE(test::thrown([&] { NewAttachment again(its); }).msg.find("already exists"),
              std::string::npos);
}

}  // namespace
}  // namespace cni
