#include "support/conformance.h"

#include <algorithm>
#include <iterator>
#include <ostream>

#include "base/text.h"
#include "support/dhcp.h"

namespace cni::test {
namespace {

using nlohmann::json;

json merged(json base, const json& keys) {
    base.merge_patch(keys);
    return base;
}

}  // namespace

std::string name_of(const Row& row) {
    std::string name(row.plugin);
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

void PrintTo(const Row& row, std::ostream* stream) {
    *stream << row.plugin;
}

bool is_any(const Row& /*row*/) {
    return true;
}

bool is_for_any_kernel(const Row& row) {
    return !row.needs_stock_kernel;
}

bool is_for_stock_kernel(const Row& row) {
    return row.needs_stock_kernel;
}

std::vector<Row> rows_where(std::initializer_list<Wanted> wanted) {
    std::vector<Row> found;
    std::ranges::copy_if(rows, std::back_inserter(found), [&](const Row& row) {
        return std::ranges::all_of(wanted, [&](Wanted is_wanted) { return is_wanted(row); });
    });
    return found;
}

void Conformance::SetUp() {
    SandboxTest::SetUp();
    if (GetParam().needs_stock_kernel && !IsSkipped()) skip_without_vlan_filtering();
    if (IsSkipped()) return;
    make_prerequisites();
    container_.emplace("c1");
    if (GetParam().asks_server)
        output_of({"ip", "link", "add", "eth0", "link", "m0", "netns", "c1", "type", "macvlan",
                   "mode", "bridge"});
    if (is(Role::chained)) {
        const PluginRun run = run_plugin("bridge", "ADD", args(), others().dump());
        ASSERT_TRUE(run.ok()) << run.report();
        result_of_others_ = run.json();
    }
    const json result = add();
    expect_silent_success(call("DEL", recorded(config(), result)));
    before_ = traces();
    host_before_ = host_traces();
}

void Conformance::make_prerequisites() {
    const std::string name(GetParam().parent);
    if (!name.empty())
        output_of({"ip", "link", "add", name, "up", "type", "veth", "peer", "name", "wire"});
    const std::string file(GetParam().file);
    if (!file.empty())
        output_of({"sh", "-ec", cat("mkdir -p $(dirname ", file, "); cat >", file)},
                  std::string(GetParam().content));
    if (!GetParam().asks_server) return;
    output_of(
        {"sh", "-ec",
         "ip address add 10.1.9.1/24 dev wire; ip -6 address add fd00:1:9::1/64 dev wire nodad;"
         "ip link set wire up"});
    // What it writes down would be a trace.
    dhcp_server_.reset();
    dhcp_server_.emplace(
        start_dnsmasq(Netns::current(), "wire", "10.1.9.100,10.1.9.250",
                      {"--leasefile-ro", "--dhcp-range=fd00:1:9::100,fd00:1:9::1ff,64"}));
    start_daemon();
}

void Conformance::start_daemon() {
    dhcp_daemon_.reset();
    dhcp_daemon_.emplace(start_dhcp_daemon());
}

// What the plugin does that calls the IPAM plugin.
void Conformance::put_on_interface(const json& result) const {
    for (const json& ip : result.value("ips", json::array()))
        container_->output_of({"ip", "address", "replace", ip["address"], "dev", "eth0", "nodad"});
    for (const char* family : {"ip4", "ip6"})
        if (result.contains(family))
            container_->output_of(
                {"ip", "address", "replace", result[family]["ip"], "dev", "eth0", "nodad"});
}

PluginRun Conformance::call(const std::string& command, const json& config,
                            const PluginArgs& args) const {
    PluginRun run = run_plugin(plugin(), command, args, config.dump());
    if (GetParam().asks_server && command == "ADD" && run.ok()) put_on_interface(run.json());
    return run;
}

Traces Conformance::without_parent(Traces traces) {
    const std::string parent(GetParam().parent);
    if (parent.empty()) return traces;
    const auto is_of = [](const std::string& line, const std::string& name) {
        if (line.starts_with("link "))
            return line.find(cat(R"("ifname":")", name, "\"")) != line.npos;
        // Of a parent that may be gone, with its other end.
        return GetParam().lends_parent && line.find(cat("/", name, "/")) != line.npos;
    };
    std::erase_if(traces, [&](const std::string& line) {
        return is_of(line, parent) || (GetParam().lends_parent && is_of(line, "wire"));
    });
    return traces;
}

void Conformance::enter_fresh_host() {
    ASSERT_FALSE(enter_sandbox());
    make_prerequisites();
}

void Conformance::enter_unused_host() {
    ASSERT_FALSE(enter_sandbox());
    if (GetParam().asks_server) start_daemon();
}

json Conformance::others(const std::string& version) {
    return layer3({{"cniVersion", version}});
}

json Conformance::result_of_others(const std::string& version) const {
    json result = result_of_others_;
    result["cniVersion"] = version;
    if (version >= "1.1.0") return result;
    for (json& interface : result["interfaces"]) interface.erase("mtu");
    if (version >= "1.0.0") return result;
    for (json& ip : result["ips"])
        ip["version"] = ip["address"].get<std::string>().find(':') == std::string::npos ? "4" : "6";
    if (version >= "0.3.0") return result;
    json old = {{"cniVersion", version}};
    for (const json& ip : result["ips"])
        old[ip["version"] == "4" ? "ip4" : "ip6"] = {{"ip", ip["address"]},
                                                     {"gateway", ip["gateway"]}};
    return old;
}

json Conformance::config(const std::string& version, const json& keys) const {
    json out = merged(json::parse(GetParam().keys),
                      {{"cniVersion", version}, {"name", "net1"}, {"type", plugin()}});
    if (is(Role::chained)) out["prevResult"] = result_of_others(version);
    return merged(out, keys);
}

json Conformance::add(const std::string& version) const {
    const PluginRun run = call("ADD", config(version));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.err, "");
    return run.ok() ? run.json() : json::object();
}

json Conformance::recorded(json config, const json& result) {
    config["prevResult"] = result;
    return config;
}

PluginRun Conformance::gc(const std::vector<std::string>& valid) const {
    json attachments = json::array();
    for (const std::string& id : valid)
        attachments.push_back({{"containerID", id}, {"ifname", "eth0"}});
    PluginArgs none = args();
    none.container_id = none.netns = none.ifname = {};
    return call(
        "GC",
        config("1.1.0", {{"prevResult", nullptr}, {"cni.dev/valid-attachments", attachments}}),
        none);
}

void Conformance::expect_silent_success(const PluginRun& run) {
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, "");
}

void Conformance::expect_error(const PluginRun& run, int code, const std::string& message) {
    EXPECT_EQ(run.exit_code(), 1) << run.report();
    EXPECT_EQ(run.error_code(), code) << run.report();
    EXPECT_THAT(run.error_message(), ::testing::StartsWith(message)) << run.report();
    EXPECT_EQ(run.err, "");
}

Traces Conformance::traces() const {
    Traces all = host_traces();
    // What others put on its interface is no trace of the plugin's.
    if (GetParam().asks_server) return all;
    for (const std::string& line : container_traces(*container_)) all.push_back(line);
    return all;
}

}  // namespace cni::test
