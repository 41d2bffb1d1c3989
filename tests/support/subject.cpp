#include "support/subject.h"

#include "base/error.h"
#include "base/text.h"

namespace cni::test {
namespace {

using nlohmann::json;

const json fixed_addresses = {
    {"type", "static"},
    {"addresses", {{{"address", "10.1.2.77/24"}}, {{"address", "fd00:1:2::77/64"}}}},
    {"routes", {{{"dst", "10.9.0.0/16"}, {"gw", "10.1.2.1"}}}},
    {"dns", {{"nameservers", {"10.1.2.1"}}}}};

constexpr int vlan = 5;

// One family: there are enough calls.
json on_a_vlan(const std::string& bridge) {
    return {{"bridge", bridge},
            {"vlan", vlan},
            {"vlanTrunk", {{{"id", 10}}, {{"minID", 20}, {"maxID", 29}}}},
            {"ipam",
             {{"ranges", {{{{"subnet", "10.1.2.0/24"}}}}}, {"routes", {{{"dst", "0.0.0.0/0"}}}}}}};
}

// Addresses of the cable, behind those of its ends.
json beside_the_world() {
    return {{"isGateway", nullptr},
            {"ipam",
             {{"ranges",
               {{{{"subnet", "192.0.2.0/24"}, {"rangeStart", "192.0.2.100"}}},
                {{{"subnet", "2001:db8::/64"}, {"rangeStart", "2001:db8::100"}}}}}}}};
}

json on_the_uplink() {
    json keys = beside_the_world();
    keys.update(json{{"master", "uplink"}, {"mtu", 1400}});
    return keys;
}

json on_a_bridge_inside(const std::string& mac) {
    return {{"isGateway", nullptr},
            {"bridge", "br0"},
            {"mtu", 1400},
            {"multiQueue", true},
            {"owner", 0},
            {"group", 0},
            {"capabilities", {{"mac", true}}},
            {"runtimeConfig", {{"mac", mac}}}};
}

std::string device_of(const Attachment& a) {
    return cat("d-", a.netns.name());
}

// Of the host, on a cable to the world; that has the addresses of its own cable on a bridge of all.
void make_device(const Attachment& a) {
    output_of({"sh", "-ec", cat("device=", device_of(a), R"(
        world() { ip -n outside "$@"; }
        if ! world link show lan; then
            world link add lan up type bridge
            world address flush dev eth0
            world link set eth0 master lan
            world address add 192.0.2.2/24 dev lan nodad
            world address add 2001:db8::2/64 dev lan nodad
        fi >/dev/null 2>&1
        ip link add $device up type veth peer name $device netns outside
        world link set $device up master lan)")});
}

const json bandwidth_keys = {{"type", "bandwidth"},
                             {"ingressRate", 80'000'000},
                             {"ingressBurst", 8'000'000},
                             {"egressRate", 80'000'000},
                             {"egressBurst", 8'000'000}};

// Of a node whose daemon masquerades.
void write_subnets() {
    output_of({"sh", "-ec", "mkdir -p /run/flannel; cat >/run/flannel/subnet.env"},
              "FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.2.1/24\n"
              "FLANNEL_IPV6_NETWORK=fd00:1::/48\nFLANNEL_IPV6_SUBNET=fd00:1:2::1/64\n"
              "FLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n");
}

json tuning_keys(const std::string& mac) {
    return {{"type", "tuning"},
            {"capabilities", {{"mac", true}}},
            {"runtimeConfig", {{"mac", mac}}},
            {"mtu", 1400},
            {"promisc", true},
            {"allmulti", true},
            {"sysctl",
             {{"net.core.somaxconn", "500"},
              {"net.ipv4.conf.IFNAME.arp_filter", "1"},
              {"net.ipv4.ip_local_reserved_ports", "8080,9000-9010"}}}};
}

bool masquerades(Subject subject) {
    return subject == Subject::chain || subject == Subject::bridge || subject == Subject::ptp;
}

// They are on the network that the world is on.
bool is_beside_the_world(Subject subject) {
    return subject == Subject::macvlan || subject == Subject::ipvlan ||
           subject == Subject::host_device;
}

std::string executable_of(Subject subject) {
    if (subject == Subject::firewall_rules) return "firewall";
    if (subject == Subject::host_local_policy) return "host-local";
    return has_own_bridge(subject) ? "bridge" : to_string(subject);
}

bool is_chained(Subject subject) {
    return subject == Subject::firewall || subject == Subject::firewall_rules ||
           subject == Subject::bandwidth || subject == Subject::portmap ||
           subject == Subject::tuning || subject == Subject::sbr || subject == Subject::vrf;
}

// Each container comes back to the address it had; that one rests for everybody else.
const json policy_keys = {{"exclude", {"10.1.2.2", "fd00:1:2::/122"}},
                          {"reserve", {{{"address", "10.1.2.9"}, {"pod", "default/db-0"}}}},
                          {"sticky", "containerID"},
                          {"cooldown", 3600},
                          {"strategy", "lowest"}};

std::string own_bridge(const Attachment& a) {
    return cat("br-", a.netns.name());
}

std::string fault_of_exchange(const char* what, const ExchangeOptions& options,
                              const std::string& seen_as) {
    const Exchange seen = exchange_tcp(options);
    if (!seen.answered) return cat(what, ": ", seen.failure);
    if (seen.peer_address != seen_as) return cat(what, ": seen as ", seen.peer_address);
    return {};
}

std::string require_ok(const Finished& finished, const std::string& act) {
    if (!finished.ok()) throw Error(Code::internal, cat(act, ": ", finished.out, finished.err));
    return finished.out;
}

}  // namespace

std::string to_string(Subject subject) {
    switch (subject) {
        case Subject::chain:
            return "chain";
        case Subject::bridge:
            return "bridge";
        case Subject::bridge_promiscuous:
            return "bridge-promiscuous";
        case Subject::bridge_vlan:
            return "bridge-vlan";
        case Subject::ptp:
            return "ptp";
        case Subject::macvlan:
            return "macvlan";
        case Subject::ipvlan:
            return "ipvlan";
        case Subject::vlan:
            return "vlan";
        case Subject::dummy:
            return "dummy";
        case Subject::host_device:
            return "host-device";
        case Subject::flannel:
            return "flannel";
        case Subject::tap:
            return "tap";
        case Subject::portmap:
            return "portmap";
        case Subject::firewall:
            return "firewall";
        case Subject::bandwidth:
            return "bandwidth";
        case Subject::firewall_rules:
            return "firewall-rules";
        case Subject::tuning:
            return "tuning";
        case Subject::sbr:
            return "sbr";
        case Subject::vrf:
            return "vrf";
        case Subject::host_local:
            return "host-local";
        case Subject::host_local_policy:
            return "host-local-policy";
        case Subject::static_addresses:
            return "static";
        case Subject::loopback:
            return "loopback";
    }
    return {};
}

bool needs_stock_kernel(Subject subject) {
    return subject == Subject::bridge_vlan || subject == Subject::ipvlan ||
           subject == Subject::vlan || subject == Subject::dummy || subject == Subject::vrf;
}

bool has_own_bridge(Subject subject) {
    return subject == Subject::bridge_promiscuous || subject == Subject::bridge_vlan;
}

bool makes_rules(Subject subject) {
    return subject == Subject::portmap || subject == Subject::firewall || masquerades(subject);
}

bool starts_processes(Subject subject) {
    return makes_rules(subject) || is_beside_the_world(subject) || subject == Subject::tap ||
           subject == Subject::flannel;
}

void SubjectCalls::choose(Subject subject, Way way, const std::string& folder) {
    subject_ = subject;
    use(way);
    if (folder != bin_dir()) call_reference();
    if (subject == Subject::chain) configure();
}

void SubjectCalls::prepare(Attachment& a) {
    if (subject_ == Subject::firewall_rules)
        a.previous = add_ptp(a);
    else if (is_chained(subject_))
        a.previous = add(a.netns, layer3());
    if (subject_ == Subject::host_device) make_device(a);
    if (subject_ == Subject::flannel) write_subnets();
    if (subject_ == Subject::tap) a.netns.output_of({"ip", "link", "add", "br0", "type", "bridge"});
}

json SubjectCalls::add_ptp(const Attachment& a) {
    const json config = layer3({{"type", "ptp"}, {"isGateway", nullptr}});
    const PluginRun run = run_plugin("ptp", "ADD", args(a.netns), config.dump());
    if (!run.ok()) throw Error(Code::internal, run.report());
    return run.json();
}

void SubjectCalls::remove_shared(const Attachment& a) const {
    if (!has_own_bridge(subject_)) return;
    for (const std::string& name : {cat(own_bridge(a), ".", vlan), own_bridge(a)})
        if (!link(name).is_null()) output_of({"ip", "link", "delete", name});
}

json SubjectCalls::network(const Attachment& a) const {
    const std::string backend = way() == Way::nftables ? "nftables" : "iptables";
    const json masquerading = {{"ipMasq", true}, {"ipMasqBackend", backend}, {"mtu", 1400}};
    json keys = {{"type", executable_of(subject_)}};
    switch (subject_) {
        case Subject::chain:
            break;
        case Subject::bridge:
            keys = {{"macspoofchk", true},
                    {"hairpinMode", true},
                    {"portIsolation", true},
                    {"capabilities", {{"mac", true}}},
                    {"runtimeConfig", {{"mac", a.mac}}}};
            keys.update(masquerading);
            return layer3(keys);
        case Subject::bridge_promiscuous:
            return layer2({{"bridge", own_bridge(a)}, {"promiscMode", true}});
        case Subject::bridge_vlan:
            return layer3(on_a_vlan(own_bridge(a)));
        case Subject::ptp:
            keys["isGateway"] = nullptr;
            keys.update(masquerading);
            return layer3(keys);
        case Subject::macvlan:
            keys.update(on_the_uplink());
            keys.update(json{{"bcqueuelen", 2000},
                             {"capabilities", {{"mac", true}}},
                             {"runtimeConfig", {{"mac", a.mac}}}});
            return layer3(keys);
        case Subject::ipvlan:
            keys.update(on_the_uplink());
            keys.update(json{{"isolation", "private"}});
            return layer3(keys);
        case Subject::vlan:
            keys.update(on_the_uplink());
            keys.update(json{{"vlanId", a.host_port % 1000}, {"protocol", "802.1ad"}});
            return layer3(keys);
        case Subject::dummy:
            keys.update(on_the_uplink());
            keys.update(json{{"mac", a.mac}});
            return layer3(keys);
        case Subject::host_device:
            keys.update(beside_the_world());
            keys["device"] = device_of(a);
            return layer3(keys);
        case Subject::flannel:
            keys.update(json{{"delegate", {{"hairpinMode", true}}}});
            return layer2(keys);
        case Subject::tap:
            keys.update(on_a_bridge_inside(a.mac));
            return layer3(keys);
        case Subject::portmap:
            return PortmapCalls::config(
                a.previous, {mapping(a.host_port, 80), mapping(a.host_port, 80, "udp")});
        case Subject::firewall:
            return layer2(
                {{"type", "firewall"}, {"backend", backend}, {"ingressPolicy", "isolated"}});
        case Subject::bandwidth:
            return layer2(bandwidth_keys);
        case Subject::firewall_rules:
            return layer2({{"type", "firewall"},
                           {"backend", "nftables"},
                           {"ingress", {{{"protocol", "tcp"}, {"ports", {80}}}}},
                           {"egress", {{{"cidrs", {"192.0.2.0/24", "2001:db8::/32"}}}}},
                           {"gate", true}});
        case Subject::tuning:
            return layer2(tuning_keys(a.mac));
        case Subject::sbr:
            return layer2({{"type", "sbr"},
                           {"gateways", {"10.1.2.7", "fd00:1:2::7"}},
                           {"addSourceHints", true}});
        case Subject::vrf:
            return layer2({{"type", "vrf"}, {"vrfname", "blue"}});
        case Subject::host_local:
            return layer3();
        case Subject::host_local_policy: {
            json config = layer3();
            config["ipam"].update(policy_keys);
            return config;
        }
        case Subject::static_addresses:
            return layer2({{"ipam", fixed_addresses}});
        case Subject::loopback:
            return layer2(keys);
    }
    return keys;
}

Program SubjectCalls::program(const std::string& command, const Attachment& a) const {
    if (subject_ == Subject::chain)
        return tool_program(command == "ADD" ? "add" : command == "DEL" ? "del" : "check", a);
    json config = network(a);
    config.erase("prevResult");
    const json& previous = command == "ADD" ? a.previous : a.result;
    if (!previous.empty()) config["prevResult"] = previous;
    if (calls_reference()) config.erase("ipMasqBackend");
    PluginArgs arguments = args(a.netns, subject_ == Subject::loopback ? "lo" : "eth0");
    arguments.executables = executables();
    arguments.path = executables();
    return plugin_program(executable_of(subject_), command, arguments, config.dump());
}

void SubjectCalls::attach(Attachment& a) const {
    a.result = json::parse(require_ok(call("ADD", a), cat("ADD ", a.netns.name())));
}

void SubjectCalls::detach(Attachment& a) const {
    require_ok(call("DEL", a), cat("DEL ", a.netns.name()));
    a.result = json::object();
}

std::string SubjectCalls::masquerading_fault_of(const Attachment& a, const Outside& world) const {
    std::string faults;
    for (const bool v6 : {false, true})
        faults += fault_of_exchange("to the world",
                                    {.server = world.netns().netns(),
                                     .address = v6 ? world.address6() : world.address(),
                                     .client = a.netns.netns()},
                                    v6 ? world.host_address6() : world.host_address());
    return faults;
}

std::string SubjectCalls::direct_fault_of(const Attachment& a, const Outside& world) const {
    std::string faults;
    for (const bool v6 : {false, true})
        faults += fault_of_exchange("beside the world",
                                    {.server = world.netns().netns(),
                                     .address = v6 ? world.address6() : world.address(),
                                     .client = a.netns.netns()},
                                    address_of(a.result, v6 ? '6' : '4'));
    return faults;
}

std::string SubjectCalls::mapping_fault_of(const Attachment& a, const Outside& world) const {
    const json& result = subject_ == Subject::portmap ? a.previous : a.result;
    std::string faults;
    for (const bool v6 : {false, true})
        faults +=
            fault_of_exchange("from the world",
                              {.server = a.netns.netns(),
                               .address = address_of(result, v6 ? '6' : '4'),
                               .port = 80,
                               .client = world.netns().netns(),
                               .target_address = v6 ? world.host_address6() : world.host_address(),
                               .target_port = a.host_port},
                              v6 ? world.address6() : world.address());
    return faults;
}

std::string SubjectCalls::fault_seen_by_check(const Attachment& a) const {
    if (calls_reference()) return {};
    const Finished checked = call("CHECK", a);
    return checked.ok() ? "" : cat("CHECK: ", checked.out, checked.err);
}

std::string SubjectCalls::fault_of(const Attachment& a, const Outside& world) const {
    std::string faults = fault_seen_by_check(a);
    if (masquerades(subject_)) faults += masquerading_fault_of(a, world);
    if (is_beside_the_world(subject_)) faults += direct_fault_of(a, world);
    if (subject_ == Subject::chain || subject_ == Subject::portmap)
        faults += mapping_fault_of(a, world);
    return faults;
}

}  // namespace cni::test
