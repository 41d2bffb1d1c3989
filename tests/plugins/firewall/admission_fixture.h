#pragma once

#include <set>
#include <string>
#include <vector>

#include "host.h"
#include "support/raw_packets.h"

namespace cni::test {

/// How containers are connected: seen in table inet, or in table bridge.
enum class Cable { ptp, bridge };
inline std::string to_string(Cable cable) {
    return cable == Cable::ptp ? "ptp" : "bridge";
}

/// The firewall plugin with declared rules and gates, on a host with nftables alone.
class AdmissionTest : public FirewallHost, public ::testing::WithParamInterface<Cable> {
protected:
    static json network(int number = 2) {
        const json keys = GetParam() == Cable::ptp ? json{{"type", "ptp"}, {"isGateway", nullptr}}
                                                   : json{{"bridge", cat("cni", number)}};
        return FirewallHost::network(number, keys);
    }

    /// Before the firewall plugin is called for it.
    struct Box : Attached {
        explicit Box(const std::string& id, int number_ = 2) : Attached(id, number_) {
            const json config = network(number);
            const PluginRun run = run_plugin(config["type"], "ADD", args(netns), config.dump());
            EXPECT_TRUE(run.ok()) << run.report();
            if (run.ok()) result = run.json();
        }
        /// The host's end of its pair.
        std::string door() const {
            return result["interfaces"][GetParam() == Cable::ptp ? 0 : 1]["name"];
        }
        /// What its frames to others than its neighbours are sent to.
        Mac gateway_mac() const {
            return mac_of(Netns::current(), GetParam() == Cable::ptp ? door() : "cni2");
        }
    };

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
    static std::size_t count(const std::string& part) { return count_in(rules(), part); }

    /// Whether the kernel can tell an answer that stays on a bridge.
    static bool tracks_on_bridges() {
        nft("add table bridge t; add chain bridge t c");
        const bool can = run({.argv = {"nft", "add rule bridge t c ct state new"}}).ok();
        nft("delete table bridge t");
        return can;
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
};

inline std::string name_of(const ::testing::TestParamInfo<Cable>& info) {
    return to_string(info.param);
}

}  // namespace cni::test
