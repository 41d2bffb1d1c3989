// A whole network as people run it: bridge with masquerading and host-local, portmap, tuning,
// driven by cnitool from a file, with real packets.
#include <gmock/gmock.h>

#include "support/portmap_fixture.h"
#include "support/recording.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A container and what its runtime asks for.
struct Attachment {
    TestNetns netns;
    int host_port;  ///< forwarded to port 80, TCP and UDP
    std::string mac;
    json result = json::object();

    Attachment(const std::string& name, int port, std::string mac_)
        : netns(name), host_port(port), mac(std::move(mac_)) {}
};

class Chain : public EachWay {
protected:
    using Exchanger = Exchange (*)(const ExchangeOptions&);

    void SetUp() override {
        EachWay::SetUp();
        if (IsSkipped()) return;
        configure(json::object());
        world_.emplace();
        // What stays of a network once it was used is the same however often it is used.
        const Attachment earlier("earlier", 8079, "02:00:00:00:00:99");
        ASSERT_TRUE(tool("add", earlier).ok()) << tool("add", earlier).err;
        ASSERT_TRUE(tool("del", earlier).ok());
        before_ = traces();
        ASSERT_NO_FATAL_FAILURE(expect_skeleton_only());
    }

    /// `more_tuning` is laid over tuning's keys.
    void configure(const json& more_tuning) const {
        const std::string backend = way() == Way::nftables ? "nftables" : "iptables";
        json bridge = layer3({{"ipMasq", true}, {"ipMasqBackend", backend}});
        for (const char* key : {"name", "cniVersion"}) bridge.erase(key);
        json tuning = {
            {"type", "tuning"},
            {"mtu", 1400},
            {"sysctl", {{"net.core.somaxconn", "500"}, {"net.ipv4.conf.IFNAME.arp_filter", "1"}}},
            {"capabilities", {{"mac", true}}}};
        tuning.merge_patch(more_tuning);
        const json portmap = {
            {"type", "portmap"}, {"backend", backend}, {"capabilities", {{"portMappings", true}}}};
        net_d_.write("10-net1.conflist", json({{"cniVersion", "1.1.0"},
                                               {"name", "net1"},
                                               {"plugins", {bridge, portmap, tuning}}})
                                             .dump());
    }

    Finished tool(std::vector<std::string> words, const json& capabilities) const {
        words.insert(words.begin(), cat(bin_dir(), "/cnitool"));
        return run({.argv = words,
                    .environment = {cat("CNI_PATH=", bin_dir()), cat("NETCONFPATH=", net_d_.path()),
                                    cat("CAP_ARGS=", capabilities.dump())}});
    }
    Finished tool(const std::string& command, const Attachment& a) const {
        return tool(
            {command, "net1", a.netns.path()},
            {{"mac", a.mac},
             {"portMappings", {mapping(a.host_port, 80), mapping(a.host_port, 80, "udp")}}});
    }
    void attach(Attachment& a) const {
        const Finished added = tool("add", a);
        ASSERT_TRUE(added.ok()) << added.err;
        a.result = json::parse(added.out);
    }
    void expect_ok(const std::string& command, const Attachment& a) const {
        const Finished finished = tool(command, a);
        EXPECT_TRUE(finished.ok()) << command << " " << a.netns.name() << ": " << finished.err;
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

    /// Of the host; leases() tells of addresses, beside which host-local keeps where it left off.
    static Snapshot traces() {
        Snapshot snapshot = host_snapshot();
        std::erase_if(snapshot.files, [](const auto& file) {
            return file.first.starts_with("/var/lib/cni/networks/");
        });
        return snapshot;
    }
    /// Chains, tables and directories that all containers share, but nothing of any container.
    static void expect_skeleton_only() {
        EXPECT_THAT(leases(), IsEmpty());
        EXPECT_EQ(output_of({"ip", "-o", "link", "show", "master", "cni0"}), "");
        const Snapshot now = traces();
        for (const auto& [path, content] : now.files)
            EXPECT_EQ(path.find("cnitool-"), path.npos) << "is left: " << path;
        for (const std::string* rules : {&now.nftables, &now.iptables})
            for (const char* part : {"10.1.2.", "fd00:1:2:", "cnitool-", "CNI-DN-", "a-", "net1"})
                EXPECT_THAT(*rules, Not(HasSubstr(part)));
    }
    void expect_nothing_left() const {
        EXPECT_EQ(traces(), before_);
        expect_skeleton_only();
    }

    const Netns& outside() const { return world_->netns().netns(); }

    TempDir net_d_;
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
    const Finished del = tool({"del", "net1", path}, json::object());
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
    const Finished gc = tool({"gc", "net1", "--valid", cat(id, ":eth0")}, json::object());
    EXPECT_TRUE(gc.ok()) << gc.err;
    EXPECT_EQ(traces(), with_valid);
    EXPECT_EQ(source_at(valid, outside(), "192.0.2.1", exchange_tcp), "192.0.2.2");
}

}  // namespace
}  // namespace cni::test
