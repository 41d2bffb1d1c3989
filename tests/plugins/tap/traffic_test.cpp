// Frames between the kernel and programs that have the other side of a tap.
#include <unistd.h>

#include "fixture.h"
#include "support/tap_program.h"

namespace cni::test {
namespace {

using TapTraffic = TapTest;

TEST_F(TapTraffic, FlowsBetweenContainersThroughAProgram) {
    const TestNetns c("c1"), d("d1");
    const json one = add(c, network({{"mtu", 1400}})), other = add(d, network());
    const TapCable cable(c, d);
    for (const char family : {'4', '6'})
        for (const auto exchange : {exchange_tcp, exchange_udp}) {
            const Exchange seen = exchange(
                {.server = d.netns(), .address = address_of(other, family), .client = c.netns()});
            EXPECT_TRUE(seen.answered) << seen.failure;
            EXPECT_EQ(seen.peer_address, address_of(one, family));
        }
}

TEST_F(TapTraffic, FlowsFromABridgeInTheContainer) {
    const TestNetns c("c1"), d("d1");
    shell(c,
          "ip link add br0 up type bridge; ip address add 10.1.2.200/24 dev br0;"
          "ip address add fd00:1:2::200/64 dev br0 nodad");
    add(c, layer2_network({{"bridge", "br0"}}));
    add(d, network());
    const TapCable cable(c, d);
    EXPECT_TRUE(ping(d.netns(), "10.1.2.200"));
    EXPECT_TRUE(ping(d.netns(), "fd00:1:2::200"));
}

// The first thing that a program on a tap sees of a container that looks for somebody.
TEST_F(TapTraffic, ReachesAProgramAsFrames) {
    const TestNetns c("c1");
    const json result = add(c, network());
    const Fd program = attach_program(c);
    shell(c, "ip neigh flush dev eth0; ping -c 1 -W 1 10.1.2.77 || true");
    const std::string own = mac(result);
    for (int i = 0; i < 50; ++i) {
        unsigned char frame[2048];
        const ssize_t size = ::read(program.get(), frame, sizeof frame);
        ASSERT_GE(size, 14);
        char source[18];
        std::snprintf(source, sizeof source, "%02x:%02x:%02x:%02x:%02x:%02x", frame[6], frame[7],
                      frame[8], frame[9], frame[10], frame[11]);
        EXPECT_EQ(source, own);
        const bool is_question = frame[12] == 8 && frame[13] == 6 && frame[21] == 1;
        if (is_question && frame[38] == 10 && frame[41] == 77) return;
    }
    FAIL() << "nobody asked for 10.1.2.77";
}

TEST_F(TapTraffic, SeveralQueuesTakeSeveralPrograms) {
    const TestNetns c("c1"), d("d1");
    add(c, layer2_network({{"multiQueue", true}}));
    add(d, layer2_network());
    const Fd first = attach_program(c, Queues::several),
             second = attach_program(c, Queues::several);
    EXPECT_THROW(attach_program(c), SysError) << "all with several queues or none";
    const Fd only = attach_program(d);
    EXPECT_THROW(attach_program(d), SysError) << "one program at a time";
}

// What is persistent stays when the program goes, and carries again when there is another one.
TEST_F(TapTraffic, GoesOnWithAnotherProgram) {
    const TestNetns c("c1"), d("d1");
    const json one = add(c, network());
    add(d, network());
    for (int i = 0; i < 2; ++i) {
        const TapCable cable(c, d);
        EXPECT_TRUE(ping(d.netns(), address_of(one, '4')));
    }
    expect_sound(c, network(), one);
}

}  // namespace
}  // namespace cni::test
