// A whole network as people run it: bridge with masquerading and host-local, portmap, tuning,
// driven by cnitool from a file, with real packets.
#include <gmock/gmock.h>

#include "support/chain_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Chain : public SandboxTest, protected ChainCalls, public ::testing::WithParamInterface<Way> {
protected:
    using Exchanger = Exchange (*)(const ExchangeOptions&);

    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        use(GetParam());
        configure();
        world_.emplace();
        // What stays of a network once it was used is the same however often it is used.
        const Attachment earlier("earlier", 8079, "02:00:00:00:00:99");
        const Finished added = tool("add", earlier);
        ASSERT_TRUE(added.ok()) << added.err;
        ASSERT_TRUE(tool("del", earlier).ok());
        before_ = traces();
        ASSERT_NO_FATAL_FAILURE(expect_skeleton_only());
    }

    /// The source that the container sees when somebody sends to the forwarded port at `address`;
    /// without an answer, why there is none.
    static std::string source_at(const Attachment& a, const Netns& from, const std::string& address,
                                 Exchanger exchange) {
        const char family = address.find(':') == address.npos ? '4' : '6';
        const Exchange seen = exchange({.server = a.netns.netns(),
                                        .address = address_of(a.result, family),
                                        .port = 80,
                                        .client = from,
                                        .target_address = address,
                                        .target_port = a.host_port});
        return seen.answered ? seen.peer_address : seen.failure;
    }
    /// The source that the world sees of a container.
    std::string source_outside(const Attachment& a, char family, Exchanger exchange) const {
        const Exchange seen =
            exchange({.server = outside(),
                      .address = family == '4' ? world_->address() : world_->address6(),
                      .client = a.netns.netns()});
        return seen.answered ? seen.peer_address : seen.failure;
    }
    void expect_reachable(const Attachment& a, const Netns& neighbour) const {
        SCOPED_TRACE(a.netns.name());
        const Netns host = Netns::current();
        for (const Exchanger exchange : {exchange_tcp, exchange_udp}) {
            const auto source = [&](const Netns& from, const std::string& address) {
                return source_at(a, from, address, exchange);
            };
            EXPECT_EQ(source(outside(), "192.0.2.1"), "192.0.2.2");
            EXPECT_EQ(source(outside(), "2001:db8::1"), "2001:db8::2");
            EXPECT_EQ(source(host, "192.0.2.1"), "192.0.2.1");
            EXPECT_EQ(source(host, "2001:db8::1"), "2001:db8::1");
            EXPECT_EQ(source(host, "127.0.0.1"), "10.1.2.1");
            // A neighbour's own address would let the answer go past the host.
            EXPECT_EQ(source(neighbour, "10.1.2.1"), "10.1.2.1");
            EXPECT_EQ(source(neighbour, "fd00:1:2::1"), "fd00:1:2::1");
            EXPECT_EQ(source_outside(a, '4', exchange), "192.0.2.1");
            EXPECT_EQ(source_outside(a, '6', exchange), "2001:db8::1");
        }
    }
    static void expect_tuned(const Attachment& a) {
        const json inside = link(a.netns, "eth0");
        EXPECT_EQ(inside["address"], a.mac);
        EXPECT_EQ(inside["mtu"], 1400);
        const auto parameter = [&](const char* key) {
            return a.netns.run([&] { return sysctl(key); });
        };
        EXPECT_EQ(parameter("net/core/somaxconn"), "500");
        EXPECT_EQ(parameter("net/ipv4/conf/eth0/arp_filter"), "1");
    }

    void expect_nothing_left() const {
        EXPECT_EQ(traces(), before_);
        expect_skeleton_only();
    }

    const Netns& outside() const { return world_->netns().netns(); }

    std::optional<Outside> world_;
    Snapshot before_;
};

INSTANTIATE_TEST_SUITE_P(All, Chain, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(Chain, TwoContainersAreServedUntilTheyAreDeleted) {
    Attachment a("a", 8080, "02:00:00:00:00:0a"), b("b", 8081, "02:00:00:00:00:0b");
    Attachment neighbour("neighbour", 8082, "02:00:00:00:00:0c");
    attach(neighbour);
    attach(b);
    const Snapshot without_a = traces();
    attach(a);
    for (const Attachment* each : {&a, &b}) {
        expect_tuned(*each);
        expect_ok("check", *each);
        expect_reachable(*each, neighbour.netns.netns());
    }

    expect_ok("del", a);
    EXPECT_EQ(traces(), without_a);
    EXPECT_TRUE(link(a.netns, "eth0").is_null());
    expect_ok("check", b);
    expect_reachable(b, neighbour.netns.netns());

    expect_ok("del", neighbour);
    for (int i = 0; i < 2; ++i) {
        expect_ok("del", b);
        expect_nothing_left();
    }
}

TEST_P(Chain, CheckFindsWhatIsBrokenInEachPlugin) {
    const bool nft = way() == Way::nftables;
    const std::string iptables = way() == Way::iptables_legacy ? "iptables-legacy" : "iptables-nft";
    struct Break {
        std::string on_host, in_container, message;
    };
    const Break breaks[] = {
        {"", "ip address delete 10.1.2.2/24 dev eth0", "Failed to match addr 10.1.2.2/24"},
        {nft ? "nft flush chain inet cni_plugins_masquerade masq_checks"
             : cat(iptables, " -t nat -F POSTROUTING"),
         "", "10.1.2.2"},
        {nft ? "nft flush map ip cni_hostport mappings"
             : cat(iptables, " -t nat -F CNI-HOSTPORT-DNAT"),
         "", nft ? "cni_hostport" : "could not check ipv4 dnat"},
        {"", "ip link set eth0 mtu 1300", "Tuning configured MTU of eth0 is 1400"},
        {"", "echo 0 >/proc/sys/net/ipv4/conf/eth0/arp_filter", "conf/eth0/arp_filter is 1"},
    };
    for (const Break& broken : breaks) {
        SCOPED_TRACE(broken.on_host + broken.in_container);
        ASSERT_FALSE(enter_sandbox());
        use(way());
        Attachment a("a", 8080, "02:00:00:00:00:0a");
        attach(a);
        expect_ok("check", a);
        if (!broken.on_host.empty()) output_of({"sh", "-ec", broken.on_host});
        if (!broken.in_container.empty()) a.netns.output_of({"sh", "-ec", broken.in_container});
        const Finished check = tool("check", a);
        EXPECT_FALSE(check.ok());
        EXPECT_THAT(check.err, HasSubstr(broken.message));
        expect_ok("del", a);
        expect_skeleton_only();
    }
}

TEST_P(Chain, AnAddThatFailsAtItsEndLeavesNothingAfterDel) {
    Attachment a("a", 8080, "02:00:00:00:00:0a"), b("b", 8081, "02:00:00:00:00:0b");
    attach(b);
    const Snapshot with_b = traces();
    configure({{"sysctl", {{"net.core.nonexist", "1"}}}});
    const Finished added = tool("add", a);
    EXPECT_FALSE(added.ok());
    EXPECT_THAT(added.err, HasSubstr("plugin type=\"tuning\" failed (add): open "
                                     "/proc/sys/net/core/nonexist: No such file or directory"));
    EXPECT_EQ(leases().size(), 4u) << "those before tuning have done their part";
    expect_ok("del", a);
    EXPECT_EQ(traces(), with_b);
    EXPECT_TRUE(link(a.netns, "eth0").is_null());
    EXPECT_EQ(source_at(b, outside(), "192.0.2.1", exchange_tcp), "192.0.2.2");
    expect_ok("del", b);
    expect_nothing_left();
}

TEST_P(Chain, DelWorksWhenTheNamespaceIsGone) {
    Attachment hidden("a", 8080, "02:00:00:00:00:0a");
    attach(hidden);
    hidden.netns.unmount();
    expect_ok("del", hidden);
    expect_nothing_left();

    std::optional<Attachment> gone(std::in_place, "b", 8081, "02:00:00:00:00:0b");
    attach(*gone);
    const std::string path = gone->netns.path();
    gone.reset();
    const Finished del = run(tool_program({"del", "net1", path}, json::object()));
    EXPECT_TRUE(del.ok()) << del.err;
    expect_nothing_left();
}

TEST_P(Chain, GcRemovesWhatNobodyDeleted) {
    Attachment valid("a", 8080, "02:00:00:00:00:0a");
    attach(valid);
    const Snapshot with_valid = traces();
    std::string id;
    for (const auto& [path, content] : with_valid.files)
        if (const auto at = path.find("results/net1-"); at != path.npos)
            id = path.substr(at + 13, path.rfind('-') - at - 13);
    std::optional<Attachment> gone(std::in_place, "b", 8081, "02:00:00:00:00:0b");
    attach(*gone);
    gone.reset();
    // Not even the runtime knows of it any more.
    output_of({"sh", "-c", cat("cd /var/lib/cni/results && ls | grep -v ", id, " | xargs rm")});
    const Finished gc =
        run(tool_program({"gc", "net1", "--valid", cat(id, ":eth0")}, json::object()));
    EXPECT_TRUE(gc.ok()) << gc.err;
    EXPECT_EQ(traces(), with_valid);
    EXPECT_EQ(source_at(valid, outside(), "192.0.2.1", exchange_tcp), "192.0.2.2");
}

}  // namespace
}  // namespace cni::test
