#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "support/portmap_fixture.h"

namespace cni::test {

/// Calls of the firewall plugin on a host that works with one of the ways, nftables unless use() is
/// told another one, beside another machine that knows the way to the containers.
class FirewallHost : public SandboxTest, protected PortmapCalls {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        outside_.emplace();
        world().output_of({"ip", "route", "add", "10.1.0.0/16", "via", outside_->host_address()});
        world().output_of({"ip", "route", "add", "fd00:1::/32", "via", outside_->host_address6()});
    }

    /// A container of network net<n> with what another plugin has made for it.
    struct Attached {
        TestNetns netns;
        int number;
        json result = {};
        Attached(const std::string& id, int number_) : netns(id), number(number_) {}
        std::string address(char family) const { return address_of(result, family); }
    };
    /// 10.1.<n>.0/24 and fd00:1:<n>::/64; `keys` are laid over it.
    static json network(int number, const json& keys) {
        const std::string n = std::to_string(number);
        json config = layer3({{"name", "net" + n},
                              {"ipam",
                               {{"ranges",
                                 {{{{"subnet", "10.1." + n + ".0/24"}}},
                                  {{{"subnet", "fd00:1:" + n + "::/64"}}}}}}}});
        config.merge_patch(keys);
        return config;
    }

    std::string backend() const { return way() == Way::nftables ? "nftables" : "iptables"; }
    json config(const Attached& box, const json& keys = json::object()) const {
        json out = bare_config(box);
        out["prevResult"] = box.result;
        if (!calls_reference()) out["backend"] = backend();
        out.merge_patch(keys);
        return out;
    }

    PluginRun call(const std::string& command, PluginArgs args, const json& config) const {
        args.executables = executables();
        return run_plugin("firewall", command, args, config.dump());
    }
    PluginRun firewall(const std::string& command, const Attached& box,
                       const json& keys = json::object()) const {
        return call(command, args(box.netns), config(box, keys));
    }
    /// A successful ADD that prints the result it got; ours nothing on stderr.
    void admit(const Attached& box, const json& keys = json::object()) const {
        const PluginRun run = firewall("ADD", box, keys);
        ASSERT_TRUE(run.ok()) << run.report();
        json printed = run.json();
        if (calls_reference())
            printed.erase("dns");
        else
            EXPECT_EQ(run.err, "");
        EXPECT_EQ(printed, box.result);
    }
    /// A successful DEL that is told nothing but the attachment.
    void dismiss(const Attached& box) const {
        PluginArgs call_args = args(box.netns);
        call_args.netns = "";
        const PluginRun run = call("DEL", call_args, bare_config(box));
        EXPECT_TRUE(run.ok()) << run.report();
    }
    /// GC of the box's network in which these containers are valid, each with eth0.
    void gc(const Attached& box, const std::vector<std::string>& valid) const {
        json config = bare_config(box);
        config["cniVersion"] = "1.1.0";
        config["cni.dev/valid-attachments"] = json::array();
        for (const std::string& id : valid)
            config["cni.dev/valid-attachments"].push_back(
                {{"containerID", id}, {"ifname", "eth0"}});
        const PluginRun run = call("GC", {.container_id = {}, .netns = {}, .ifname = {}}, config);
        EXPECT_TRUE(run.ok()) << run.report();
    }
    /// CHECK's message; "" when it is content.
    std::string fault(const Attached& box, const json& keys = json::object()) const {
        const PluginRun run = firewall("CHECK", box, keys);
        return run.ok() ? "" : run.error_message();
    }

    static std::size_t count_in(const std::string& text, const std::string& part) {
        std::size_t n = 0;
        for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
        return n;
    }

    const TestNetns& world() const { return outside_->netns(); }
    std::string world_address(char family) const {
        return family == '4' ? outside_->address() : outside_->address6();
    }
    std::string host_address(char family) const {
        return family == '4' ? outside_->host_address() : outside_->host_address6();
    }
    /// Whether one packet stays without an answer: for a second, of which there would be many.
    static bool is_cut_off(const TestNetns& from, const std::string& address) {
        return !from.run([&] { return run({.argv = {"ping", "-c1", "-W1", address}}).ok(); });
    }
    static constexpr char both[] = {'4', '6'};

private:
    static json bare_config(const Attached& box) {
        return {{"cniVersion", "1.0.0"},
                {"name", "net" + std::to_string(box.number)},
                {"type", "firewall"}};
    }

    std::optional<Outside> outside_;
};

}  // namespace cni::test
