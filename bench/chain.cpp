#include "bench/chain.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/state_dir.h"
#include "support/process.h"

namespace cni::bench {
namespace {

// What most nodes run.
constexpr std::string_view full_chain =
    R"([{"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": true,
         "ipMasqBackend": "$backend",
         "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                  "routes": [{"dst": "0.0.0.0/0"}]}},
        {"type": "portmap", "snat": true, "backend": "$backend",
         "runtimeConfig": {"portMappings": [{"containerPort": 80, "protocol": "tcp"}]}},
        {"type": "tuning", "dataDir": "$data/tuning",
         "sysctl": {"net.core.somaxconn": "500"}}])";

// What Podman and nerdctl put together.
constexpr std::string_view podman_chain =
    R"([{"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": true,
         "hairpinMode": true, "ipMasqBackend": "$backend",
         "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                  "routes": [{"dst": "0.0.0.0/0"}]}},
        {"type": "portmap", "backend": "$backend",
         "runtimeConfig": {"portMappings": [{"containerPort": 80, "protocol": "tcp"}]}},
        {"type": "firewall", "backend": "$backend", "ingressPolicy": "same-bridge"},
        {"type": "tuning", "dataDir": "$data/tuning"}])";

constexpr std::string_view ports_chain =
    R"([{"type": "bridge", "bridge": "$bridge", "isGateway": true, "untimed": true,
         "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data"}},
        {"type": "portmap", "snat": true, "backend": "$backend", "mappings": 1000,
         "runtimeConfig": {"portMappings": [{"containerPort": 80, "protocol": "tcp"}]}}])";

constexpr Chain all[] = {
    {.name = "loopback", .plugins = R"([{"type": "loopback"}])", .has_floor = true},
    {.name = "host-local",
     .plugins = R"([{"type": "host-local", "ipam": {"type": "host-local", "subnet": "$subnet",
                     "dataDir": "$data"}}])",
     .load = Load::leases,
     .has_floor = true},
    {.name = "static",
     .plugins = R"([{"type": "static", "ipam": {"type": "static",
                     "addresses": [{"address": "10.1.2.3/24", "gateway": "10.1.2.1"}],
                     "routes": [{"dst": "0.0.0.0/0"}]}}])",
     .has_floor = true},
    {.name = "bridge",
     .plugins = R"([{"type": "bridge", "bridge": "$bridge", "isGateway": true,
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])",
     .has_floor = true},
    {.name = "bridge-masq",
     .plugins = R"([{"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": true,
                     "ipMasqBackend": "nftables",
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])",
     .has_floor = true},
    {.name = "bridge-checked",
     .plugins = R"([{"type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": true,
                     "ipMasqBackend": "nftables", "macspoofchk": true,
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])",
     .load = Load::checks},
    {.name = "ptp",
     .plugins = R"([{"type": "ptp",
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])",
     .has_floor = true},
    {.name = "macvlan",
     .plugins = R"([{"type": "macvlan", "master": "$master",
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])",
     .has_master = true},
    {.name = "vlan",
     .plugins = R"([{"type": "vlan", "master": "$master", "vlanId": 0,
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])",
     .has_master = true,
     .on_request = true},
    {.name = "ipvlan",
     .plugins = R"([{"type": "ipvlan", "master": "$master",
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])",
     .has_master = true,
     .on_request = true},
    {.name = "dummy",
     .plugins = R"([{"type": "dummy",
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])",
     .on_request = true},
    {.name = "host-device",
     .plugins = R"([{"type": "host-device", "device": "of each attachment",
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])",
     .has_devices = true},
    // Packages of the reference plugins are often older than it.
    {.name = "tap",
     .plugins = R"([{"type": "tap",
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}}])",
     .on_request = true},
    {.name = "tuning",
     .plugins = R"([{"type": "bridge", "bridge": "$bridge", "untimed": true},
                    {"type": "tuning", "mtu": 1400, "dataDir": "$data/tuning",
                     "sysctl": {"net.core.somaxconn": "500",
                                "net.ipv4.conf.IFNAME.arp_filter": "1"}}])",
     .has_floor = true},
    {.name = "flannel",
     .plugins = R"([{"type": "flannel", "subnetFile": "$data/subnet.env",
                     "dataDir": "$data/flannel", "delegate": {"bridge": "$bridge"},
                     "ipam": {"dataDir": "$data"}}])",
     .instead = R"([{"type": "bridge", "bridge": "$bridge", "isGateway": true, "mtu": 1450,
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "10.0.0.0/8"}]}}])",
     // Debian's last reference plugin knows no later one.
     .version = "0.4.0",
     .has_subnet_file = true},
    // The lease is there before: of ADD the plugin's own share is timed, and the daemon's. The
    // second one waits until the daemon has closed the sockets by which it got the lease.
    {.name = "dhcp",
     .plugins = R"([{"type": "macvlan", "master": "$master", "untimed": true},
                    {"type": "dhcp", "untimed": true,
                     "ipam": {"type": "dhcp", "daemonSocketPath": "$data/dhcp.sock"}},
                    {"type": "dhcp", "untimed": true,
                     "ipam": {"type": "dhcp", "daemonSocketPath": "$data/dhcp.sock"}},
                    {"type": "dhcp",
                     "ipam": {"type": "dhcp", "daemonSocketPath": "$data/dhcp.sock"}}])",
     .has_master = true,
     .has_lease_service = true,
     .on_request = true},
    {.name = "sbr",
     .plugins = R"([{"type": "bridge", "bridge": "$bridge", "isGateway": true, "untimed": true,
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data",
                              "routes": [{"dst": "0.0.0.0/0"}]}},
                    {"type": "sbr"}])"},
    {.name = "bandwidth",
     .plugins = R"([{"type": "bridge", "bridge": "$bridge", "isGateway": true, "untimed": true,
                     "ipam": {"type": "host-local", "subnet": "$subnet", "dataDir": "$data"}},
                    {"type": "bandwidth", "ingressRate": 80000000, "ingressBurst": 8000000,
                     "egressRate": 80000000, "egressBurst": 8000000}])"},
    {.name = "full-nftables",
     .plugins = full_chain,
     .backend = "nftables",
     .load = Load::rules,
     .has_floor = true},
    {.name = "full-iptables", .plugins = full_chain, .backend = "iptables", .load = Load::rules},
    {.name = "full-legacy",
     .plugins = full_chain,
     .backend = "iptables",
     .load = Load::rules,
     .legacy_iptables = true},
    {.name = "podman-nftables", .plugins = podman_chain, .backend = "nftables"},
    {.name = "podman-iptables", .plugins = podman_chain, .backend = "iptables"},
    {.name = "ports-nftables", .plugins = ports_chain, .backend = "nftables", .on_request = true},
    {.name = "ports-iptables", .plugins = ports_chain, .backend = "iptables", .on_request = true},
    {.name = "ports-legacy",
     .plugins = ports_chain,
     .backend = "iptables",
     .legacy_iptables = true,
     .on_request = true},
};

std::string environment(const char* name) {
    const char* value = ::getenv(name);
    return value ? value : "";
}

void replace_all(std::string& text, std::string_view what, const std::string& with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size())
        text.replace(at, what.size(), with);
}

/// Gives each mapping a host port; "mappings" is how many like the first there are to be.
void number_ports(nlohmann::json& config, unsigned slot) {
    constexpr unsigned first_port = 20000, ports = 40000;
    auto& mappings = config["runtimeConfig"]["portMappings"];
    const unsigned count = config.value("mappings", 1u);
    config.erase("mappings");
    const nlohmann::json like = mappings[0];
    for (unsigned i = 0; i < count; ++i) {
        mappings[i] = like;
        mappings[i]["hostPort"] = first_port + (slot * count + i) % ports;
    }
}

std::string_view text_for(const Chain& chain, const std::string& folder) {
    if (chain.instead.empty()) return chain.plugins;
    const std::string first = nlohmann::json::parse(chain.plugins)[0]["type"];
    return obstacle_to(X_OK, cat(folder, "/", first)) == 0 ? chain.plugins : chain.instead;
}

}  // namespace

std::span<const Chain> chains() {
    return all;
}

const Chain* find_chain(std::string_view name) {
    const auto found = std::ranges::find(all, name, &Chain::name);
    return found == std::end(all) ? nullptr : found;
}

std::vector<std::string> executables(const Chain& chain) {
    std::vector<std::string> result;
    const auto add = [&](const nlohmann::json& object) {
        const std::string type = object.value("type", "");
        if (!type.empty() && std::ranges::find(result, type) == result.end())
            result.push_back(type);
    };
    for (const auto& plugin :
         nlohmann::json::parse(chain.instead.empty() ? chain.plugins : chain.instead)) {
        add(plugin);
        if (plugin.contains("ipam")) add(plugin["ipam"]);
    }
    return result;
}

Side::Side(std::string name, std::string folder, unsigned number, const Chain& chain)
    : name_(std::move(name)), folder_(std::move(folder)), number_(number) {
    std::string text(text_for(chain, folder_));
    replace_all(text, "$bridge", cat("bench", number));
    replace_all(text, "$master", master());
    replace_all(text, "$subnet", subnet());
    replace_all(text, "$backend", std::string(chain.backend));
    replace_all(text, "$data", cat("/var/lib/cni/", name_));
    plugins_ = nlohmann::json::parse(text);
    for (auto& plugin : plugins_) plugin["cniVersion"] = chain.version;
    path_ = cat(iptables_folder(chain.legacy_iptables), ":", environment("PATH"));
}

std::string Side::data_dir() const {
    return cat("/var/lib/cni/", name_);
}

std::string Side::subnet() const {
    return cat("10.", 64 * (number_ + 1), ".0.0/12");
}

std::string Side::network() const {
    return cat("bench-", name_);
}

std::string Side::master() const {
    return cat("uplink", number_);
}

std::string Side::device(unsigned attachment) const {
    return cat("lent", number_, "x", attachment);
}

std::string Side::address(unsigned offset) const {
    return cat("10.", 64 * (number_ + 1) + (offset >> 16), ".", (offset >> 8) & 255, ".",
               offset & 255);
}

bool Side::is_timed(std::size_t index) const {
    return !plugins_[index].contains("untimed");
}

bool Side::is_timed() const {
    return std::ranges::none_of(plugins_, [](const auto& p) { return p.contains("untimed"); });
}

Call Side::call(std::size_t index, std::string_view command, const Attachment& attachment) const {
    nlohmann::json config = plugins_[index];
    config.erase("untimed");
    config["name"] = network();
    if (config.contains("vlanId")) config["vlanId"] = attachment.number;
    if (!attachment.result.is_null()) config["prevResult"] = attachment.result;
    if (config.contains("device")) config["device"] = device(attachment.number);
    if (config.contains("runtimeConfig")) number_ports(config, sides * attachment.number + number_);
    return {.executable = cat(folder_, "/", config["type"].get<std::string>()),
            .environment = {cat("PATH=", path_), cat("CNI_COMMAND=", command),
                            cat("CNI_CONTAINERID=", attachment.container_id),
                            cat("CNI_NETNS=", attachment.netns),
                            config["type"] == "loopback" ? "CNI_IFNAME=lo" : "CNI_IFNAME=eth0",
                            cat("CNI_PATH=", folder_)},
            .config = config.dump()};
}

void ChainRun::take(const std::string& output) {
    if (is_add()) attachment_.result = nlohmann::json::parse(output);
    ++step_;
    if (done() && !is_add()) attachment_.result = nlohmann::json();
}

void make_master(const Side& side) {
    test::output_of({"ip", "link", "add", side.master(), "up", "type", "veth", "peer", "name",
                     side.master_peer()});
    test::output_of({"ip", "link", "set", side.master_peer(), "up"});
}

void make_subnet_file(const Side& side) {
    const Fd dir = open_state_dir(side.data_dir(), Holds::directories, 0755);
    const Fd file = open_at(dir.get(), "subnet.env", O_WRONLY | O_CREAT, 0644, "subnet.env");
    write_all(file.get(),
              cat("FLANNEL_NETWORK=10.0.0.0/8\nFLANNEL_SUBNET=", side.subnet(),
                  "\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"),
              "subnet.env");
}

void make_devices(const Side& side, unsigned count) {
    std::string links;
    for (unsigned i = 0; i < count; ++i)
        links +=
            cat("link add ", side.device(i), " up type veth peer name ", side.device(i), "p\n");
    test::output_of({"ip", "-batch", "-"}, links);
}

void make_leases(const Side& side, unsigned count) {
    if (count == 0) return;
    const Fd dir = open_state_dir(cat(side.data_dir(), "/", side.network()), Holds::files, 0755);
    const auto write = [&](const std::string& name, const std::string& content) {
        const Fd file = open_at(dir.get(), name.c_str(), O_WRONLY | O_CREAT, 0600, name);
        write_all(file.get(), content, name);
    };
    // .0 is the network's and .1 the gateway's.
    for (unsigned i = 0; i < count; ++i) write(side.address(i + 2), cat("other", i, "\r\neth0"));
    write("last_reserved_ip.0", side.address(count + 1));
}

void make_rules(bool legacy_iptables, unsigned count) {
    // What can be sent at once is limited in a user namespace.
    constexpr unsigned batch = 500;
    for (unsigned done = 0; done < count;) {
        std::string rules = "*nat\n";
        for (const unsigned end = std::min(count, done + batch); done < end; ++done)
            rules +=
                cat("-A POSTROUTING -s 198.18.", done >> 8, ".", done & 255, "/32 -j RETURN\n");
        test::output_of(
            {legacy_iptables ? "iptables-legacy-restore" : "iptables-nft-restore", "--noflush"},
            rules + "COMMIT\n");
    }
}

void make_checks(unsigned count) {
    constexpr unsigned batch = 100;
    const std::string masquerade = "rule inet cni_plugins_masquerade masq_checks ";
    for (unsigned done = 0; done < count;) {
        std::string rules = R"(
            add table inet cni_plugins_masquerade
            add chain inet cni_plugins_masquerade masq_checks
            add table bridge nat
            add chain bridge nat PREROUTING { type filter hook prerouting priority dstnat; }
        )";
        for (const unsigned end = std::min(count, done + batch); done < end; ++done) {
            const std::string note = cat(" comment \"macspoofchk-other", done, "-eth0\"\n"),
                              chain = cat("bridge nat cni-br-iface-other", done, "-eth0"),
                              name = cat("cni-br-iface-other", done, "-eth0");
            rules += cat("add chain ", chain, "\nadd chain ", chain, "-mac\n");
            rules += cat("add rule ", chain, " jump ", name, "-mac", note);
            rules += cat("add rule ", chain, "-mac ether saddr 02:00:00:00:00:01 return", note);
            rules += cat("add rule ", chain, "-mac drop", note);
            rules +=
                cat("add rule bridge nat PREROUTING iifname other", done, " jump ", name, note);
            rules += cat("add ", masquerade, "ip saddr 198.18.", done >> 8, ".", done & 255,
                         " ip daddr != 198.18.0.0/16 masquerade comment \"0123456789abcdef-",
                         "0123456789abcdef, net: others, if: eth0, id: other", done, "\"\n");
        }
        test::output_of({"nft", "-f", "-"}, rules);
    }
}

std::string iptables_folder(bool legacy_iptables) {
    const std::string folder = cat("/run/iptables-", legacy_iptables ? "legacy" : "nft");
    const Fd dir = open_state_dir(folder, Holds::files, 0755);
    for (const std::string name : {"iptables", "ip6tables"}) {
        const std::string target = cat("/usr/sbin/", name, legacy_iptables ? "-legacy" : "-nft");
        if (::symlinkat(target.c_str(), dir.get(), name.c_str()) < 0 && errno != EEXIST)
            throw SysError(cat("link ", folder, "/", name), errno);
    }
    return folder;
}

}  // namespace cni::bench
