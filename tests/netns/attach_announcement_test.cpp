// Who the neighbours of a container's new interface take for the owner of its addresses.
#include "attach/announcement.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "attach/configure.h"
#include "attach_fixture.h"

namespace cni {
namespace {

using test::TestNetns;

class AttachAnnouncement : public test::AttachTest {
protected:
    static constexpr const char* addresses[] = {"10.1.2.2", "fd00:1:2::2"};
    static constexpr const char* earlier = "02:00:00:00:ff:ff";

    /// eth0 of the container, with the addresses, at the other end of m0.
    static void make_interface(const TestNetns& container) {
        shell("ip link add m0 up type veth peer name eth0 netns c1");
        container.output_of(
            {"sh", "-ec",
             "echo 1 >/proc/sys/net/ipv4/conf/eth0/arp_notify;"
             "echo 1 >/proc/sys/net/ipv6/conf/eth0/ndisc_notify;"
             "ip address add 10.1.2.2/24 dev eth0; ip address add fd00:1:2::2/64 dev eth0 nodad;"
             "ip link set eth0 up"});
        for (const char* address : addresses)
            shell(cat("ip neigh replace ", address, " lladdr ", earlier, " dev m0 nud stale"));
    }
    static std::string known(const char* address) {
        const std::string shown =
            test::output_of({"ip", "-j", "neigh", "show", "to", address, "dev", "m0"});
        return nlohmann::json::parse(shown)[0]["lladdr"];
    }
};

TEST_F(AttachAnnouncement, ReachesTheNeighboursOfBothFamilies) {
    const TestNetns c("c1");
    make_interface(c);
    Container container = open(c);
    Result result;
    for (const char* address : {"10.1.2.2/24", "fd00:1:2::2/64"})
        result.ips.emplace_back().address = Prefix::parse(address).value();
    await_addresses(container, result);
    announce_addresses(container);
    for (const char* address : addresses)
        EXPECT_EQ(known(address), container.get_interface().mac.to_string()) << address;
}

TEST_F(AttachAnnouncement, IsNotMadeWhereThereAreNoNeighbours) {
    const TestNetns c("c1");
    make_interface(c);
    shell("ip -n c1 link set eth0 arp off");
    Container container = open(c);
    announce_addresses(container);
    for (const char* address : addresses) EXPECT_EQ(known(address), earlier) << address;
}

}  // namespace
}  // namespace cni
