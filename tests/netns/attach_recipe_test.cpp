// What plugins whose link lies in the container share: making it, finding it again, the way back.
#include <gmock/gmock.h>

#include "attach/existing_attachment.h"
#include "attach/new_attachment.h"
#include "attach/removal.h"
#include "attach_fixture.h"

namespace cni {
namespace {

using test::TestNetns;
using ::testing::HasSubstr;

class AttachRecipe : public test::AttachTest {
protected:
    /// Its kind and what eth0 has after it, on m0.
    static Link add(const TestNetns& container) {
        const Request its = request(container);
        NewAttachment attachment(its, Macvlan::name);
        const Parent parent({.name = "m0"}, attachment.host, attachment.container);
        Link link = attachment.make_link(parent, {.kind = Macvlan{}}, explain);
        attachment.finish_with(link);
        return link;
    }
    static std::string explain(int error, const Link& parent) {
        return cat(parent.name, ": ", error);
    }
    static void make_parent() { shell("ip link add m0 up type veth peer name m1"); }
    static void remove(const TestNetns& container) {
        const Request its = request(container);
        Removal removal(its);
        removal.link_and_addresses(Macvlan::name);
        removal.finish();
    }
    static std::vector<std::string> links(const TestNetns& container) {
        std::vector<std::string> names;
        for (const Link& link : Rtnl::in(container.netns()).links()) names.push_back(link.name);
        return names;
    }
};

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
    EXPECT_THAT(shown, HasSubstr("macvlan mode vepa"));
    EXPECT_THAT(shown, HasSubstr(",UP"));
    EXPECT_THAT(shown, HasSubstr("alias cnixx:net1/c1/eth0"));
    EXPECT_THAT(test::thrown([&] { NewAttachment again(its); }).msg, HasSubstr("already exists"));
    EXPECT_EQ(test::thrown([&] { NewAttachment again(its, Vlan::name); }).msg,
              "failed to create vlan eth0: File exists");
}

// Its parent is told, and what that means.
TEST_F(AttachRecipe, WhatTheKernelRefusesIsExplained) {
    const TestNetns c("c1");
    make_parent();
    shell("ip link add br0 type bridge; ip link set m0 master br0");
    const Error error = test::thrown([&] { add(c); });
    EXPECT_EQ(error.msg, "failed to create macvlan eth0 on m0: Device or resource busy");
    EXPECT_EQ(error.details, "m0: 16");
}

TEST_F(AttachRecipe, ALinkThatSomebodyMakesMeanwhileIsLeft) {
    const TestNetns c("c1");
    make_parent();
    const Request its = request(c);
    {
        NewAttachment attachment(its, Macvlan::name);
        const Parent parent({.name = "m0"}, attachment.host, attachment.container);
        shell("ip link add link m0 name eth0 netns c1 type macvlan");
        EXPECT_THROW(attachment.make_link(parent, {.kind = Macvlan{}}, explain), NlError);
    }
    EXPECT_EQ(links(c), (std::vector<std::string>{"lo", "eth0"}));
}

TEST_F(AttachRecipe, WhatAnotherPluginHasDecidedIsTakenOver) {
    const TestNetns c("c1");
    make_parent();
    const Request its = request(c);
    NewAttachment attachment(its, Macvlan::name);
    Result given;
    given.ips.push_back({.address = *Prefix::parse("10.1.2.3/24"), .gateway = {}, .interface = {}});
    given.dns.domain = "example";
    attachment.take_over(given);
    const Parent parent({.name = "m0"}, attachment.host, attachment.container);
    const Result result =
        attachment.finish_with(attachment.make_link(parent, {.kind = Macvlan{}}, explain));
    EXPECT_EQ(result.interfaces.front().name, "eth0");
    EXPECT_EQ(result.ips.front().interface, 0);
    EXPECT_EQ(result.dns.domain, "example");
    EXPECT_THAT(c.output_of({"ip", "address", "show", "eth0"}), HasSubstr("10.1.2.3/24"));
}

TEST_F(AttachRecipe, ALinkIsRemovedThoughTheContainerHasRenamedIt) {
    const TestNetns c("c1");
    make_parent();
    add(c);
    c.output_of({"sh", "-ec",
                 "ip link set eth0 down; ip link set eth0 name hidden; ip link add eth0 type veth "
                 "peer name x"});
    remove(c);
    EXPECT_EQ(links(c), (std::vector<std::string>{"lo", "x", "eth0"}));
    remove(c);
    EXPECT_EQ(links(c), (std::vector<std::string>{"lo", "x", "eth0"}));
}

TEST_F(AttachRecipe, ALinkOfAnotherAttachmentIsLeftWhateverItsName) {
    const TestNetns c("c1");
    make_parent();
    add(c);
    c.output_of({"sh", "-ec",
                 "ip link set eth0 down; ip link set eth0 name net7; ip link set net7 alias "
                 "cnixx:net7/c1/net7;"
                 "ip link set net7 name eth0"});
    remove(c);
    EXPECT_EQ(links(c), (std::vector<std::string>{"lo", "eth0"}));
}

// As the reference plugins make it, or with an alias of somebody's own.
TEST_F(AttachRecipe, ALinkThatSaysNothingIsKnownByItsName) {
    const TestNetns c("c1");
    make_parent();
    for (const char* alias : {"", "web"}) {
        add(c);
        c.output_of({"ip", "link", "set", "eth0", "alias", alias});
        remove(c);
        EXPECT_EQ(links(c), std::vector<std::string>{"lo"});
    }
}

TEST_F(AttachRecipe, AnMtuIsComparedWhereOneIsConfigured) {
    const TestNetns c("c1");
    make_parent();
    const Link link = add(c);
    const auto existing = [&](const std::string& mtu) {
        return request(c, cat(R"(, "prevResult": {"interfaces": [{"name": "eth0", "sandbox": ")",
                              c.path(), "\"", mtu, "}]}"));
    };
    const Request silent = existing(""), changed = existing(R"(, "mtu": 1400)");
    ExistingAttachment(silent).check_mtu(link, 0);
    ExistingAttachment(silent).check_mtu(link, 1500);
    ExistingAttachment(changed).check_mtu(link, 0);
    EXPECT_EQ(test::thrown([&] { ExistingAttachment(silent).check_mtu(link, 1300); }).msg,
              "interface eth0 has an MTU of 1500 bytes instead of 1300");
    EXPECT_EQ(test::thrown([&] { ExistingAttachment(changed).check_mtu(link, 1500); }).msg,
              "interface eth0 has an MTU of 1500 bytes instead of 1400");
}

}  // namespace
}  // namespace cni
