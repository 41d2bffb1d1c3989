#pragma once

#include <string>

#include "host.h"

namespace cni::test {

/// The firewall plugin behind bridge.
class FirewallTest : public FirewallHost, public ::testing::WithParamInterface<Way> {
protected:
    void SetUp() override {
        FirewallHost::SetUp();
        if (!IsSkipped()) use(GetParam());
    }

    /// On bridge cni<n>.
    struct Box : Attached {
        explicit Box(const std::string& id, int number_ = 2) : Attached(id, number_) {
            result = add(netns, bridge_network(number_));
        }
    };
    static json bridge_network(int number) {
        return network(number, {{"bridge", cat("cni", number)}});
    }

    /// dbus-daemon, as the bus of the system.
    static Process start_bus() {
        output_of({"sh", "-ec", R"(
            mkdir -p /run/dbus
            cat > /run/bus.conf <<END
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/> <allow receive_sender="*"/> <allow own="*"/> <allow user="*"/>
  </policy>
</busconfig>
END
)"});
        return Process::start(
            {.argv = {"dbus-daemon", "--config-file=/run/bus.conf", "--nofork", "--nopidfile"}});
    }

    /// The rules of the plugin, as text: of table filter of iptables, or the tables of nf_tables.
    std::string rules(char family = '4') const {
        if (way() == Way::nftables)
            return run({.argv = {"nft", "--stateless", "list", "table", "inet", "cni_firewall"}})
                       .out +
                   run({.argv = {"nft", "--stateless", "list", "table", "bridge", "cni_firewall"}})
                       .out;
        const std::string listed = iptables("-t filter -S", family);
        std::string out;
        for (const std::string_view line : split(listed, '\n'))
            if (line.starts_with("-A ")) out += cat(line, "\n");
        return out;
    }
    /// With iptables: as the reference plugin would have them.
    std::string without_records(char family) const {
        const std::string text = rules(family);
        std::string out;
        for (const std::string_view line : split(text, '\n'))
            if (!line.empty() && line.find("CNI-FORWARD-OWNERS") == line.npos)
                out += cat(line, "\n");
        return out;
    }
    std::size_t count(const std::string& part, char family = '4') const {
        return count_in(rules(family), part);
    }

    /// Whether a connection comes about.
    static bool reaches(const TestNetns& from, const TestNetns& to, const std::string& address) {
        return exchange_tcp({.server = to.netns(), .address = address, .client = from.netns()})
            .answered;
    }
    static bool reaches(const Box& from, const Box& to, char family) {
        return reaches(from.netns, to.netns, to.address(family));
    }
    bool reaches_world(const Box& from, char family) const {
        return reaches(from.netns, world(), world_address(family));
    }
    bool is_reached_from_world(const Box& to, char family) const {
        return reaches(world(), to.netns, to.address(family));
    }
    using FirewallHost::is_cut_off;
    static bool is_cut_off(const Box& from, const Box& to, char family) {
        return is_cut_off(from.netns, to.address(family));
    }
    bool is_cut_off_from_world(const Box& from, char family) const {
        return is_cut_off(from.netns, world_address(family));
    }
    bool is_hidden_from_world(const Box& to, char family) const {
        return is_cut_off(world(), to.address(family));
    }
};

#define CNIXX_FIREWALL_WAYS(suite, ways)                            \
    INSTANTIATE_TEST_SUITE_P(All, suite, ::testing::ValuesIn(ways), \
                             [](const auto& way) { return to_string(way.param); })

}  // namespace cni::test
