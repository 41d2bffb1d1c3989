#pragma once

#include <gmock/gmock.h>
#include <netinet/in.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "support/ptp_fixture.h"
#include "support/raw_packets.h"

namespace cni::test {

/// How containers are connected: seen in table inet, or in table bridge.
enum class Cable { ptp, bridge };
inline std::string to_string(Cable cable) {
    return cable == Cable::ptp ? "ptp" : "bridge";
}

/// The firewall plugin with declared rules and gates, on a host with nftables alone, beside another
/// machine that knows the way to the containers.
class AdmissionTest : public SandboxTest,
                      protected BridgeCalls,
                      public ::testing::WithParamInterface<Cable> {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        outside_.emplace();
        world().output_of({"ip", "route", "add", "10.1.0.0/16", "via", outside_->host_address()});
        world().output_of({"ip", "route", "add", "fd00:1::/32", "via", outside_->host_address6()});
    }

    static json network(int number = 2) {
        const std::string n = std::to_string(number);
        json keys = {
            {"name", "net" + n},
            {"ipam",
             {{"ranges",
               {{{{"subnet", "10.1." + n + ".0/24"}}}, {{{"subnet", "fd00:1:" + n + "::/64"}}}}}}}};
        if (GetParam() == Cable::ptp)
            keys.update(json{{"type", "ptp"}, {"isGateway", nullptr}});
        else
            keys["bridge"] = "cni" + n;
        return layer3(keys);
    }

    /// A container of network net<n>, before the firewall plugin is called for it.
    struct Box {
        TestNetns netns;
        int number;
        json result;
        explicit Box(const std::string& id, int number_ = 2) : netns(id), number(number_) {
            const json config = network(number);
            const PluginRun run = run_plugin(config["type"], "ADD", args(netns), config.dump());
            EXPECT_TRUE(run.ok()) << run.report();
            if (run.ok()) result = run.json();
        }
        std::string address(char family) const { return address_of(result, family); }
        /// The host's end of its pair.
        std::string door() const {
            return result["interfaces"][GetParam() == Cable::ptp ? 0 : 1]["name"];
        }
        /// What its frames to others than its neighbours are sent to.
        Mac gateway_mac() const {
            return mac_of(Netns::current(), GetParam() == Cable::ptp ? door() : "cni2");
        }
    };

    json config(const Box& box, const json& keys) const {
        json out = {{"cniVersion", "1.0.0"},
                    {"name", "net" + std::to_string(box.number)},
                    {"type", "firewall"},
                    {"backend", "nftables"},
                    {"prevResult", box.result}};
        out.merge_patch(keys);
        return out;
    }
    static PluginRun call(const std::string& command, const PluginArgs& args, const json& config) {
        return run_plugin("firewall", command, args, config.dump());
    }
    PluginRun firewall(const std::string& command, const Box& box, const json& keys) const {
        return call(command, args(box.netns), config(box, keys));
    }
    void admit(const Box& box, const json& keys) const {
        const PluginRun run = firewall("ADD", box, keys);
        ASSERT_TRUE(run.ok()) << run.report();
        EXPECT_EQ(run.json(), box.result);
        EXPECT_EQ(run.err, "");
    }
    /// A successful DEL that is told nothing but the attachment.
    void dismiss(const Box& box) const {
        PluginArgs call_args = args(box.netns);
        call_args.netns = "";
        const PluginRun run = call("DEL", call_args,
                                   {{"cniVersion", "1.0.0"},
                                    {"name", "net" + std::to_string(box.number)},
                                    {"type", "firewall"}});
        EXPECT_TRUE(run.ok()) << run.report();
    }
    /// CHECK's message; "" when it is content.
    std::string fault(const Box& box, const json& keys) const {
        const PluginRun run = firewall("CHECK", box, keys);
        return run.ok() ? "" : run.error_message();
    }
    /// GC of the box's network in which these containers are valid, each with eth0.
    void gc(const Box& box, const std::vector<std::string>& valid) const {
        json attachments = json::array();
        for (const std::string& id : valid)
            attachments.push_back({{"containerID", id}, {"ifname", "eth0"}});
        const PluginRun run = call("GC", {.container_id = {}, .netns = {}, .ifname = {}},
                                   {{"cniVersion", "1.1.0"},
                                    {"name", "net" + std::to_string(box.number)},
                                    {"type", "firewall"},
                                    {"cni.dev/valid-attachments", attachments}});
        EXPECT_TRUE(run.ok()) << run.report();
    }

    static void nft(const std::string& command) { output_of({"nft", command}); }
    static std::string table() {
        return cat(GetParam() == Cable::ptp ? "inet" : "bridge", " cni_firewall");
    }
    static std::string rules() {
        std::string out;
        for (const char* family : {"inet", "bridge"})
            out +=
                run({.argv = {"nft", "--stateless", "list", "table", family, "cni_firewall"}}).out;
        return out;
    }
    static std::size_t count(const std::string& part) {
        const std::string text = rules();
        std::size_t n = 0;
        for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
        return n;
    }

    /// Whether the kernel can tell an answer that stays on a bridge.
    static bool tracks_on_bridges() {
        nft("add table bridge t; add chain bridge t c");
        const bool can = run({.argv = {"nft", "add rule bridge t c ct state new"}}).ok();
        nft("delete table bridge t");
        return can;
    }

    const TestNetns& world() const { return outside_->netns(); }
    std::string world_address(char family) const {
        return family == '4' ? outside_->address() : outside_->address6();
    }
    std::string host_address(char family) const {
        return family == '4' ? outside_->host_address() : outside_->host_address6();
    }

    static bool tcp(const Netns& from, const Netns& to, const std::string& address,
                    int port = 8080) {
        return exchange_tcp({.server = to, .address = address, .port = port, .client = from})
            .answered;
    }
    static bool udp(const Netns& from, const Netns& to, const std::string& address,
                    int port = 8080) {
        return exchange_udp({.server = to, .address = address, .port = port, .client = from})
            .answered;
    }
    /// Whether one packet stays without an answer: for a second, of which there would be many.
    static bool is_cut_off(const TestNetns& from, const std::string& address) {
        return !from.run([&] { return run({.argv = {"ping", "-c1", "-W1", address}}).ok(); });
    }

    /// What of packets arrives; the last one of them always does. Each is known by its place, from
    /// 1 on.
    struct Wire {
        const Netns& from;
        std::string ifname;
        Mac to;
        const Netns& receiver;
    };
    static std::set<std::uint32_t> arrived(const Wire& wire, std::vector<RawPacket> packets) {
        const RawPacket& last = packets.back();
        const Delivered delivered(wire.receiver, last.protocol,
                                  last.destination.find(':') == last.destination.npos ? '4' : '6');
        std::uint32_t mark = 0;
        for (RawPacket& packet : packets) {
            packet.mark = ++mark;
            send_frame(wire.from, wire.ifname, wire.to, packet);
        }
        return delivered.marks_until(mark);
    }
    Wire to_world(const Box& box) const {
        return {box.netns.netns(), "eth0", box.gateway_mac(), world().netns()};
    }
    Wire from_world(const Box& box) const {
        return {world().netns(), "eth0", mac_of(Netns::current(), "uplink"), box.netns.netns()};
    }

    static constexpr char both[] = {'4', '6'};

private:
    std::optional<Outside> outside_;
};

inline std::string name_of(const ::testing::TestParamInfo<Cable>& info) {
    return to_string(info.param);
}

}  // namespace cni::test
