#include "support/portmap_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "sys/sysctl.h"

namespace cni::test {
namespace {

using nlohmann::json;

std::vector<std::string> words(const std::string& text) {
    std::vector<std::string> out;
    for (const auto word : split(text, ' ')) out.emplace_back(word);
    return out;
}

// The kernel may be booted without IPv6.
std::vector<char> families() {
    if (find_sysctl("net/ipv6/conf/all/disable_ipv6")) return {'4', '6'};
    return {'4'};
}

std::string program(char family) {
    return family == '4' ? "iptables" : "ip6tables";
}

}  // namespace

std::string to_string(Way way) {
    switch (way) {
        case Way::nftables:
            return "nftables";
        case Way::iptables_nft:
            return "iptables_nft";
        case Way::iptables_legacy:
            return "iptables_legacy";
    }
    return {};
}

json PortmapCalls::some_result(const std::string& address, const std::string& address6) {
    return {
        {"cniVersion", "1.0.0"},
        {"interfaces", {{{"name", "eth0"}, {"sandbox", "/run/netns/x"}}}},
        {"ips",
         {{{"address", address}, {"interface", 0}}, {{"address", address6}, {"interface", 0}}}}};
}

void PortmapCalls::use(Way way) {
    way_ = way;
    if (way == Way::nftables) return;
    for (const char family : families()) iptables("-t nat -N HOST", family);
}

void PortmapCalls::call_reference() {
    executables_ = *reference_dir();
    const char* flavour = way_ == Way::iptables_legacy ? "legacy" : "nft";
    ::mkdir("/run/bin", 0755);
    for (const char* program : {"iptables", "ip6tables"}) {
        const std::string link = cat("/run/bin/", program);
        ::unlink(link.c_str());
        checked(::symlink(cat("/usr/sbin/", program, "-", flavour).c_str(), link.c_str()), "link ",
                link);
    }
    ::setenv("PATH", "/run/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
}

json PortmapCalls::mapping(int host_port, int container_port, const std::string& protocol,
                           const std::string& host_ip) {
    json out = {{"hostPort", host_port}, {"containerPort", container_port}, {"protocol", protocol}};
    if (!host_ip.empty()) out["hostIP"] = host_ip;
    return out;
}

json PortmapCalls::config(const json& result, const Mappings& mappings, const json& keys) const {
    json out = {{"cniVersion", "1.0.0"},
                {"name", "net1"},
                {"type", "portmap"},
                {"backend", way_ == Way::nftables ? "nftables" : "iptables"},
                {"capabilities", {{"portMappings", true}}},
                {"runtimeConfig", {{"portMappings", mappings}}},
                {"prevResult", result}};
    if (calls_reference()) out.erase("backend");
    out.merge_patch(keys);
    return out;
}

PluginRun PortmapCalls::call(const std::string& command, PluginArgs args,
                             const json& config) const {
    args.executables = executables_;
    return run_plugin("portmap", command, args, config.dump());
}

PluginRun PortmapCalls::portmap(const std::string& command, const Container& container,
                                const Mappings& mappings, const json& keys) const {
    return call(command, args(container.netns), config(container.result, mappings, keys));
}

void PortmapCalls::map(const Container& container, const Mappings& mappings,
                       const json& keys) const {
    const PluginRun run = portmap("ADD", container, mappings, keys);
    ASSERT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.json(), container.result);
}

void PortmapCalls::unmap(const Container& container, const std::string& ifname) const {
    PluginArgs call_args = args(container.netns, ifname);
    call_args.netns = "";
    const PluginRun run =
        call("DEL", call_args, {{"cniVersion", "1.0.0"}, {"name", "net1"}, {"type", "portmap"}});
    EXPECT_TRUE(run.ok()) << run.report();
}

std::string PortmapCalls::rules() const {
    if (way_ == Way::nftables)
        return run({.argv = {"nft", "--stateless", "list", "table", "ip", "cni_hostport"}}).out +
               run({.argv = {"nft", "--stateless", "list", "table", "ip6", "cni_hostport"}}).out;
    const char* flavour = way_ == Way::iptables_legacy ? "legacy" : "nft";
    std::string out;
    for (const char family : families()) {
        const std::string saved =
            output_of({cat(program(family), "-", flavour, "-save"), "-t", "nat"});
        for (const std::string_view line : split(saved, '\n')) {
            if (line.starts_with(':')) out += cat(line.substr(0, line.find(' ')), "\n");
            if (line.starts_with('-')) out += cat(line, "\n");
        }
    }
    return out;
}

std::string PortmapCalls::guard() const {
    if (way_ == Way::nftables)
        return run({.argv = {"nft", "--stateless", "list", "table", "ip", "cni_portmap_guard"}})
            .out;
    std::string out;
    const char* flavour = way_ == Way::iptables_legacy ? "legacy" : "nft";
    const std::string listed = output_of({cat("iptables-", flavour), "-t", "raw", "-S"});
    for (const std::string_view line : split(listed, '\n'))
        if (!line.starts_with("-P ")) out += cat(line, line.empty() ? "" : "\n");
    return out;
}

bool PortmapCalls::is_guarded(const std::string& ifname) const {
    const std::string text = guard();
    for (const char* end : {" ", "\""})
        if (text.find(cat(':', ifname, end)) != text.npos) return true;
    return false;
}

std::size_t PortmapCalls::count(const std::string& part) const {
    const std::string text = rules();
    std::size_t n = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
    return n;
}

std::string PortmapCalls::iptables(const std::string& arguments, char family) const {
    const char* flavour = way_ == Way::iptables_legacy ? "-legacy" : "-nft";
    std::vector<std::string> argv = words(arguments);
    argv.insert(argv.begin(), cat(program(family), flavour));
    return output_of(argv);
}

Exchange PortmapCalls::connect(const Netns& from, const std::string& address, int port,
                               const Container& to, char family) {
    return exchange_tcp({.server = to.netns.netns(),
                         .address = to.address(family),
                         .port = 80,
                         .client = from,
                         .target_address = address,
                         .target_port = port});
}

void EachWay::SetUp() {
    PortmapTest::SetUp();
    if (!IsSkipped()) use(GetParam());
}

}  // namespace cni::test
