#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "support/portmap_fixture.h"

namespace cni::test {

/// The firewall plugin behind bridge, on a host that works with one of the ways, with another
/// machine that knows the way to the containers.
class FirewallTest : public SandboxTest,
                     protected PortmapCalls,
                     public ::testing::WithParamInterface<Way> {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        use(GetParam());
        outside_.emplace();
        for (const char* subnet : {"10.1.0.0/16", "fd00:1::/32"}) {
            const bool is_v6 = std::string_view(subnet).starts_with("fd");
            world().output_of({"ip", "route", "add", subnet, "via",
                               is_v6 ? outside_->host_address6() : outside_->host_address()});
        }
    }

    /// A container of network net<n>: on bridge cni<n>, 10.1.<n>.0/24 and fd00:1:<n>::/64.
    struct Box {
        TestNetns netns;
        int number;
        json result;
        explicit Box(const std::string& id, int number_ = 2)
            : netns(id), number(number_), result(add(netns, bridge_network(number_))) {}
        std::string address(char family) const { return address_of(result, family); }
    };
    static json bridge_network(int number) {
        const std::string n = std::to_string(number);
        return layer3({{"name", "net" + n},
                       {"bridge", "cni" + n},
                       {"ipam",
                        {{"ranges",
                          {{{{"subnet", "10.1." + n + ".0/24"}}},
                           {{{"subnet", "fd00:1:" + n + "::/64"}}}}}}}});
    }

    json config(const Box& box, const json& keys = json::object()) const {
        json out = {{"cniVersion", "1.0.0"},
                    {"name", "net" + std::to_string(box.number)},
                    {"type", "firewall"},
                    {"prevResult", box.result}};
        if (!calls_reference()) out["backend"] = backend();
        out.merge_patch(keys);
        return out;
    }
    std::string backend() const { return way() == Way::nftables ? "nftables" : "iptables"; }

    PluginRun call(const std::string& command, PluginArgs args, const json& config) const {
        args.executables = executables();
        return run_plugin("firewall", command, args, config.dump());
    }
    PluginRun firewall(const std::string& command, const Box& box,
                       const json& keys = json::object()) const {
        return call(command, args(box.netns), config(box, keys));
    }
    /// A successful ADD that prints the result it got.
    void admit(const Box& box, const json& keys = json::object()) const {
        const PluginRun run = firewall("ADD", box, keys);
        ASSERT_TRUE(run.ok()) << run.report();
        json printed = run.json();
        if (calls_reference()) printed.erase("dns");
        EXPECT_EQ(printed, box.result);
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
    /// CHECK's message; "" when it is content.
    std::string fault(const Box& box, const json& keys = json::object()) const {
        const PluginRun run = firewall("CHECK", box, keys);
        return run.ok() ? "" : run.error_message();
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
        const std::string text = rules(family);
        std::size_t n = 0;
        for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
        return n;
    }

    const TestNetns& world() const { return outside_->netns(); }
    std::string world_address(char family) const {
        return family == '4' ? outside_->address() : outside_->address6();
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
    /// Whether one packet stays without an answer: for a second, of which there would be many.
    static bool is_cut_off(const TestNetns& from, const std::string& address) {
        try {
            from.output_of({"ping", "-c", "1", "-W", "1", address});
            return false;
        } catch (const Error&) {
            return true;
        }
    }
    static bool is_cut_off(const Box& from, const Box& to, char family) {
        return is_cut_off(from.netns, to.address(family));
    }
    bool is_cut_off_from_world(const Box& from, char family) const {
        return is_cut_off(from.netns, world_address(family));
    }
    bool is_hidden_from_world(const Box& to, char family) const {
        return is_cut_off(world(), to.address(family));
    }
    static constexpr char both[] = {'4', '6'};

private:
    std::optional<Outside> outside_;
};

#define CNIXX_FIREWALL_WAYS(suite, ways)                            \
    INSTANTIATE_TEST_SUITE_P(All, suite, ::testing::ValuesIn(ways), \
                             [](const auto& way) { return to_string(way.param); })

}  // namespace cni::test
