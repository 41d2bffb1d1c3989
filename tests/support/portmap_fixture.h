#pragma once

#include <list>
#include <string>
#include <vector>

#include "support/bridge_fixture.h"
#include "support/traffic.h"

namespace cni::test {

/// How rules get into the kernel.
enum class Way { nftables, iptables_nft, iptables_legacy };
inline constexpr Way all_ways[] = {Way::nftables, Way::iptables_nft, Way::iptables_legacy};
inline constexpr Way iptables_ways[] = {Way::iptables_nft, Way::iptables_legacy};
std::string to_string(Way way);

/// The portmap plugin behind bridge, in network "net1", on a host that works with one of the ways.
class PortmapCalls : protected BridgeCalls {
protected:
    using Mappings = std::vector<json>;

    /// An interface made by bridge: 10.1.2.0/24 and fd00:1:2::/64, the host being .1. With hairpin
    /// mode, without which a container cannot reach itself where bridged frames pass netfilter.
    struct Container {
        TestNetns netns;
        json result;
        explicit Container(const std::string& id)
            : netns(id), result(add(netns, layer3({{"hairpinMode", true}}))) {}
        std::string address(char family = '4') const { return address_of(result, family); }
    };

    /// As some interface plugin prints it; portmap never looks for the interface.
    static json some_result(const std::string& address = "10.88.0.2/24",
                            const std::string& address6 = "fd00:88::2/64");

    /// Makes the host one that uses the way: with a rule in the legacy tables, say.
    void use(Way way);
    Way way() const { return way_; }
    /// From now on the distribution's plugin is called, with the host's iptables. It knows no
    /// nftables.
    void call_reference();
    void call_ours() { executables_ = bin_dir(); }
    bool calls_reference() const { return executables_ != bin_dir(); }
    const std::string& executables() const { return executables_; }

    static json mapping(int host_port, int container_port, const std::string& protocol = "tcp",
                        const std::string& host_ip = "");
    /// For a container with this result; `keys` are laid over it (RFC 7386: null removes).
    json config(const json& result, const Mappings& mappings,
                const json& keys = json::object()) const;
    /// The call of a runtime that has these mappings for the container.
    PluginRun portmap(const std::string& command, const Container& container,
                      const Mappings& mappings, const json& keys = json::object()) const;
    PluginRun call(const std::string& command, PluginArgs args, const json& config) const;
    /// A successful ADD that prints the result it got.
    void map(const Container& container, const Mappings& mappings,
             const json& keys = json::object()) const;
    /// A successful DEL that is told nothing but the attachment.
    void unmap(const Container& container, const std::string& ifname = "eth0") const;

    /// What the rules of port mappings are, as text: the table of nf_tables, or iptables' table nat
    /// without counters. Of both families.
    std::string rules() const;
    /// The guard of 127.0.0.0/8 where this way has it, as text; "" when there is none.
    std::string guard() const;
    /// Whether it is there for an interface of the host.
    bool is_guarded(const std::string& ifname) const;
    /// How many times `part` stands in the rules.
    std::size_t count(const std::string& part) const;
    /// The iptables or ip6tables of the way.
    std::string iptables(const std::string& arguments, char family = '4') const;

    /// A connection to `port` of `address`, served at port 80 of the container.
    static Exchange connect(const Netns& from, const std::string& address, int port,
                            const Container& to, char family = '4');

private:
    Way way_ = Way::nftables;
    std::string executables_ = bin_dir();
};

class PortmapTest : public SandboxTest, protected PortmapCalls {};

/// With each of the ways.
class EachWay : public PortmapTest, public ::testing::WithParamInterface<Way> {
protected:
    void SetUp() override;
};

}  // namespace cni::test
