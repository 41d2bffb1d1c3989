// The kernel drops the routes of an interface that changes its routing domain: whoever is killed
// then must have left them where the next one finds them.
#include "fixture.h"
#include "support/fault.h"

namespace cni::test {
namespace {

class VmVrfKilled : public VmVrfTest {
protected:
    /// Routes of every sort through an interface of 10.88.0.2 and fd88::2.
    void add_routes() const {
        const std::string lines = R"(nexthop add id 7 via 10.88.0.7 dev eth0
            nexthop add id 9 via fd88::7 dev eth0
            route add 10.99.0.0/16 via 10.88.0.254 dev eth0 metric 50
            route add 10.77.0.0/16 dev eth0
            route add 10.78.0.0/16 via 192.0.2.9 dev eth0 onlink
            route add 10.60.0.0/16 nexthop via 10.88.0.3 weight 3 nexthop via 10.88.0.4
            route add 10.50.0.0/16 via 10.88.0.5 dev eth0 table 500
            route add 10.51.0.0/16 dev eth0 src 10.88.0.2
            route add 10.52.0.0/16 via 10.88.0.6 dev eth0 table 70000
            route add 10.53.0.0/16 via 10.88.0.6 dev eth0 src 10.88.0.2 table 4000000000
            route add 10.54.0.0/16 nhid 7
            route add default via fd88::1 dev eth0
            route add fd60::/64 via fe80::9 dev eth0
            route add fd61::/64 dev eth0 src fd88::2
            route add fd62::/64 via fd88::6 dev eth0 src fd88::2 table 70000
            route add fd63::/64 nhid 9
            route add fd64::/64 nexthop via fd88::3 dev eth0 nexthop via fe80::4 dev eth0
        )";
        container_->run([&] { output_of({"ip", "-batch", "-"}, lines); });
    }
    /// Kills `command` at a sample of its system calls; `recover`, and DEL behind it, is to leave
    /// what there was.
    template <typename Recover>
    void try_all(const char* command, Recover recover) {
        const FaultSample sample(29);
        const std::string before = state();
        const bool is_add = std::string_view(command) == "ADD";
        const Program program = plugin_program("vrf", command, args(*container_), config().dump());
        for (int number = sample.first;; number += sample.step) {
            if (!is_add) expect_ok("ADD", config());
            const bool reached = run_with_fault(program, {.number = number}).reached;
            if (reached) recover();
            expect_ok("DEL", config());
            ASSERT_EQ(state(), before) << command << " killed at call " << number;
            if (!reached) break;
        }
    }
};

TEST_F(VmVrfKilled, AnAddLosesNoRoute) {
    add_routes();
    try_all("ADD", [] {});
    EXPECT_FALSE(has_vrf());
    try_all("ADD", [&] {
        expect_ok("ADD", config());
        expect_ok("CHECK", config());
    });
}

TEST_F(VmVrfKilled, ADelLosesNoRoute) {
    add_routes();
    try_all("DEL", [] {});
    EXPECT_FALSE(has_vrf());
    try_all("DEL", [&] {
        expect_ok("ADD", config());
        expect_ok("CHECK", config());
    });
}

// A VRF without a port may have routes of one that is on its way.
TEST_F(VmVrfKilled, DelOfAnotherInterfaceLosesNoRoute) {
    add_routes();
    for (const char* command : {"ADD", "DEL"})
        try_all(command, [&] { expect_ok("DEL", config(), "eth9"); });
}

// As a kernel has it that knows no alternative names: the VRF has as many as are looked at.
TEST_F(VmVrfKilled, LosesNoPlainRouteWithoutNames) {
    inside(R"(
        ip link add blue index 99 up type vrf table 1
        for i in $(seq 0 255); do
            echo link property add dev blue altname cnixx-99-$i-9999-1--
        done | ip -batch -
        ip route add 10.99.0.0/16 via 10.88.0.254 metric 50
        ip route add 10.50.0.0/16 via 10.88.0.5 table 500
        ip route add 10.78.0.0/16 via 192.0.2.9 dev eth0 onlink
        ip -6 route add default via fe80::1 dev eth0)");
    for (const char* command : {"ADD", "DEL"}) try_all(command, [] {});
}

}  // namespace
}  // namespace cni::test
