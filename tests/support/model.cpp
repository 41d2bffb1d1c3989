#include "support/model.h"

#include <fstream>
#include <regex>

#include "base/file.h"
#include "support/fault.h"
#include "support/guest.h"
#include "support/orphans.h"

namespace cni::test {
namespace {

using nlohmann::json;
using State = Tenant::State;

json capabilities(const std::string& name) {
    const int port = 8080 + name[0];
    const auto mapping = [&](const char* protocol) {
        return json{{"hostPort", port}, {"containerPort", 80}, {"protocol", protocol}};
    };
    return {{"mac", cat("02:00:00:00:00:0", name)},
            {"portMappings", {mapping("tcp"), mapping("udp")}}};
}

std::string text_of(const Finished& finished) {
    return finished.ok() ? "" : cat(finished.out, finished.err);
}

void lose(Tenant& c, State state) {
    c.state = state;
    c.addresses.clear();
}

json find_link(const TestNetns& container, const std::string& name) {
    return container.run([&]() -> json {
        const Finished shown = run({.argv = {"ip", "-j", "link", "show", "dev", name}});
        return shown.ok() ? json::parse(shown.out)[0] : json();
    });
}

void delete_port(int index) {
    for (const json& each : json::parse(output_of({"ip", "-j", "link"})))
        if (each["ifindex"] == index)
            output_of({"ip", "link", "delete", each["ifname"].get<std::string>()});
}

void touch(const std::string& what, Tenant& c) {
    c.state = State::touched;
    if (what == "drop-netns") return c.netns.reset();
    if (!c.netns) return;
    const json eth0 = find_link(*c.netns, "eth0");
    if (eth0.is_null()) return;
    if (what == "rename") c.netns->output_of({"ip", "link", "set", "eth0", "down", "name", "mine"});
    if (what == "delete-link") c.netns->output_of({"ip", "link", "delete", "eth0"});
    if (what == "delete-port") delete_port(eth0["link_index"]);
}

void empty_rules() {
    output_of({"nft", "flush", "ruleset"});
    // To ask for a table makes it.
    output_of({"sh", "-c",
               "for ip in ip ip6; do for table in $(cat /proc/net/${ip}_tables_names); do "
               "for act in -F -X; do ${ip}tables-legacy -t $table $act; done; done; done"});
}

/// A bridge that was made anew has another number, and the parameters of who made it.
Traces what_is_there() {
    Traces all = host_traces();
    std::erase_if(all, [](const std::string& line) {
        return line.starts_with("parameter ") && line.find("/conf/cni0/") != line.npos;
    });
    for (std::string& line : all)
        line = std::regex_replace(line, std::regex("\"[0-9]+:cni0\""), "\"cni0\"");
    return all;
}

/// Without the chains and tables that are missing in it.
std::string without_missing_rules(const std::string& lines) {
    std::string left;
    for (const std::string_view line : split(lines, '\n'))
        if (!line.empty() && !line.starts_with("- nftables ") && !line.starts_with("- iptables "))
            left += cat(line, "\n");
    return left;
}

}  // namespace

void Model::SetUp() {
    SandboxTest::SetUp();
    if (!IsSkipped()) set_up_host();
}

std::string Model::play(const Sequence& sequence) {
    for (const Event& event : sequence) {
        if (!applies(event)) continue;
        ++steps_;
        const std::string wrong = happen(event) + lost_leases();
        if (!wrong.empty()) return cat(event.what, " ", event.whom, ": ", wrong);
    }
    return end();
}

Sequence Model::shrink(Sequence sequence) {
    for (std::size_t size = sequence.size() / 2; size > 0; size /= 2)
        for (std::size_t at = 0; at + size <= sequence.size();) {
            Sequence less = sequence;
            const auto first = less.begin() + static_cast<std::ptrdiff_t>(at);
            less.erase(first, first + static_cast<std::ptrdiff_t>(size));
            set_up_another_host();
            if (play(less).empty())
                at += size;
            else
                sequence = less;
        }
    return sequence;
}

void Model::set_up_another_host() {
    tenants_.clear();
    enter_sandbox();
    set_up_host();
}

void Model::set_up_host() {
    edits_.clear();
    choose_way(Way::nftables);
    boot_ = '1';
    tenants_.clear();
    for (const char* name : tenant_names) tenants_[name].netns.emplace(name);
    write_boot_id();
    output_of({"mount", "--bind", boot_id_file(), "/proc/sys/kernel/random/boot_id"});
    use_all_ways();
    before_ = what_is_there();
}

// In place, as it is mounted.
void Model::write_boot_id() const {
    std::ofstream(boot_id_file()) << std::string(8, boot_) << "-1111-1111-1111-111111111111\n";
}

void Model::choose_way(Way way) {
    // What use() makes.
    const char* flavour = this->way() == Way::iptables_legacy ? "-legacy" : "-nft";
    if (this->way() != Way::nftables)
        for (const char* program : {"iptables", "ip6tables"})
            run({.argv = {cat(program, flavour), "-t", "nat", "-X", "HOST"}});
    use(way);
    write_configuration();
}

void Model::write_configuration() const {
    json tuning = json::object(), bridge = json::object();
    if (edits_.contains("edit-mtu")) tuning["mtu"] = 1300;
    if (edits_.contains("edit-masquerade")) bridge["ipMasq"] = false;
    if (edits_.contains("edit-range"))
        bridge["ipam"]["ranges"] = {{{{"subnet", "10.1.2.0/24"}, {"rangeStart", "10.1.2.100"}}},
                                    {{{"subnet", "fd00:1:2::/64"}}}};
    configure(tuning, Backends::named, nullptr, bridge);
}

std::string Model::configuration() const {
    std::string text = cat(calls_reference() ? "reference " : "ours ", to_string(way()));
    for (const std::string& each : edits_) text += cat(" ", each);
    return text;
}

Program Model::program(const std::string& command, const std::string& name) const {
    return tool_program({command, "net1", cat("/run/netns/", name)}, capabilities(name));
}

bool Model::applies(const Event& event) {
    if (event.whom.empty()) return true;
    if (event.what.ends_with("reference") && !reference_dir()) return false;
    if (event.what == "del" || event.what == "check") return true;
    const bool adds = event.what.find("add") != event.what.npos;
    const Tenant& c = tenants_[event.whom];
    return adds ? c.state == State::absent : c.holds();
}

std::string Model::happen(const Event& event) {
    if (event.whom.empty()) return happen_to_host(event);
    Tenant& c = tenants_[event.whom];
    if (event.what == "add") return add(event.whom, c);
    if (event.what == "add-reference") return by_reference([&] { return add(event.whom, c); });
    if (event.what == "del") return del(event.whom, c);
    if (event.what == "check") return check(event.whom, c);
    if (event.what == "del-reference")
        delete_by_reference(event.whom, c);
    else if (event.what.starts_with("kill-"))
        kill(event, c);
    else
        touch(event.what, c);
    return {};
}

std::string Model::happen_to_host(const Event& event) {
    const std::string& what = event.what;
    if (what == "gc") return text_of(run(collection(valid())));
    if (what == "status") return text_of(run(tool_program({"status", "net1"}, json::object())));
    if (what == "reboot") reboot();
    if (what == "nftables") choose_way(Way::nftables);
    if (what == "iptables") choose_way(Way::iptables_nft);
    if (what == "legacy") choose_way(Way::iptables_legacy);
    if (what.starts_with("edit-")) edit(what);
    if (what == "delete-bridge") delete_bridge();
    if (what == "forget") forget();
    if (what == "clock" && can_set_clock()) set_clock(std::chrono::hours(event.number));
    return {};
}

std::string Model::add(const std::string& name, Tenant& c) {
    const Finished added = run(program("add", name));
    if (!added.ok()) return text_of(added);
    c.state = State::attached;
    c.made_with = configuration();
    for (const json& ip : json::parse(added.out)["ips"]) {
        const std::string address = ip["address"];
        c.addresses.push_back(address.substr(0, address.find('/')));
    }
    return shared_address(name, c);
}

std::string Model::shared_address(const std::string& name, const Tenant& c) const {
    for (const auto& [other, container] : tenants_)
        for (const std::string& address : container.addresses)
            if (other != name && container.holds() && std::ranges::count(c.addresses, address))
                return cat(address, " is ", other, "'s");
    return {};
}

std::string Model::del(const std::string& name, Tenant& c) {
    const Finished deleted = run(program("del", name));
    lose(c, State::absent);
    if (!c.netns) c.netns.emplace(name);
    return text_of(deleted);
}

std::string Model::check(const std::string& name, const Tenant& c) const {
    const Finished checked = run(program("check", name));
    if (c.state == State::attached && c.made_with == configuration()) return text_of(checked);
    return c.state == State::touched && checked.ok() ? "is content" : "";
}

void Model::kill(const Event& event, Tenant& c) {
    const std::string command = event.what.substr(std::string("kill-").size());
    run_with_fault(program(command, event.whom), {event.number, Fault::Kind::kill_program});
    lose(c, State::unknown);
}

/// As long as they were not replaced by ours, or are back in their place.
template <typename F>
std::string Model::by_reference(F&& act) {
    if (!reference_dir()) return {};
    const Way way = this->way();
    if (way == Way::nftables) choose_way(Way::iptables_nft);
    call_reference();
    write_configuration();
    std::string wrong = act();
    call_ours();
    choose_way(way);
    return wrong;
}

/// It need not find everything, and may fail; but takes nothing from others.
void Model::delete_by_reference(const std::string& name, Tenant& c) {
    by_reference([&] {
        run(program("del", name));
        return "";
    });
    lose(c, State::unknown);
}

void Model::edit(const std::string& what) {
    if (edits_.erase(what) == 0) edits_.insert(what);
    write_configuration();
}

void Model::delete_bridge() {
    run({.argv = {"ip", "link", "delete", "cni0"}});
    for (auto& [name, c] : tenants_)
        if (c.holds()) c.state = State::touched;
}

/// The runtime loses its records.
void Model::forget() {
    output_of({"rm", "-rf", "/var/lib/cni/results"});
    for (auto& [name, c] : tenants_) c.made_with = "";
}

/// All that the kernel held is gone, and nobody lives.
void Model::reboot() {
    await_orphans();
    boot_ = static_cast<char>(boot_ == '9' ? '1' : boot_ + 1);
    write_boot_id();
    for (auto& [name, c] : tenants_) {
        c.netns.emplace(name);
        if (c.state != State::absent) lose(c, State::unknown);
    }
    for (const json& each : json::parse(output_of({"ip", "-j", "link", "show", "type", "veth"})))
        run({.argv = {"ip", "link", "delete", each.value("ifname", "")}});
    run({.argv = {"ip", "link", "delete", "cni0"}});
    empty_rules();
    output_of({"sh", "-c", "rm -rf /run/cnixx.* /run/cni"});
    choose_way(way());
}

std::vector<std::string> Model::valid() const {
    std::vector<std::string> paths;
    for (const auto& [name, c] : tenants_)
        if (c.holds()) paths.push_back(cat("/run/netns/", name));
    return paths;
}

std::string Model::lost_leases() const {
    std::string lost;
    for (const auto& [name, c] : tenants_)
        for (const std::string& address : c.addresses) {
            const std::string path = cat("/var/lib/cni/networks/net1/", address);
            if (!read_file(path, 4096)) lost += cat("the lease of ", name, " is lost: ", path);
        }
    return lost;
}

std::string Model::end() {
    std::string wrong;
    for (const auto& [name, c] : tenants_)
        if (c.state == State::attached) wrong += check(name, c);
    for (auto& [name, c] : tenants_) wrong += del(name, c);
    edits_.clear();
    wrong += use_all_ways();
    await_orphans();
    // What all networks share goes with a reboot, say, and is made when it is needed.
    const std::string left = without_missing_rules(difference(before_, what_is_there()));
    return left.empty() ? wrong : cat(wrong, "left in the end: ", left);
}

/// What stays of a network once it was used is the same however often it is used. Legacy tables
/// come last of iptables': as long as they are in use, the others are not.
std::string Model::use_all_ways() {
    Tenant& a = tenants_["a"];
    std::string wrong;
    for (const Way way : {Way::iptables_nft, Way::iptables_legacy, Way::nftables}) {
        choose_way(way);
        wrong += add("a", a);
        wrong += del("a", a);
        if (way == Way::nftables || !reference_dir()) continue;
        wrong += by_reference([&] { return add("a", a); });
        wrong += del("a", a);
    }
    return wrong;
}

}  // namespace cni::test
