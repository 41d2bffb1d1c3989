// Whatever happens to a host, in whatever order: what was attached stays attached, nobody has the
// address of another one, and behind the DELs nothing is left. Sequences are drawn at random and
// compared with a model, which knows who is there.
//
//   CNIXX_MODEL_STEPS   how many steps are taken (each sequence has 25)
//   CNIXX_FAULT_SEED    which ones
//   CNIXX_MODEL_REPLAY  a file with one sequence, as a failure leaves it: only that is tried
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <regex>

#include "base/file.h"
#include "support/chain_fixture.h"
#include "support/fault.h"
#include "support/orphans.h"
#include "support/traces.h"

namespace cni::test {
namespace {

/// What happens: a word, whom it happens to ("a", or "" of what happens to the host), and at which
/// system call.
struct Event {
    std::string what;
    std::string whom = {};
    int call = 0;
};
using Sequence = std::vector<Event>;

// What is done more often stands here more often.
constexpr std::array to_containers = {
    "add",      "add",           "add",    "del",         "del",         "check",     "kill-add",
    "kill-del", "add-reference", "rename", "delete-link", "delete-port", "drop-netns"};
constexpr std::array to_the_host = {"gc", "status", "reboot", "nftables", "iptables", "edit"};
constexpr std::array names = {"a", "b", "c"};

std::string to_string(const Sequence& sequence) {
    std::string text;
    for (const Event& each : sequence)
        text += cat(each.what, each.whom.empty() ? "" : " ", each.whom,
                    each.call == 0 ? "" : cat(" ", each.call), "\n");
    return text;
}

Sequence parse_sequence(const std::string& text) {
    Sequence sequence;
    for (const std::string_view line : split(text, '\n')) {
        if (line.empty()) continue;
        std::vector<std::string> words;
        for (const std::string_view word : split(line, ' ')) words.emplace_back(word);
        words.resize(3);
        sequence.push_back({words[0], words[1], parse_int<int>(words[2]).value_or(0)});
    }
    return sequence;
}

Sequence draw(std::mt19937& random) {
    constexpr std::size_t length = 25;
    Sequence sequence;
    while (sequence.size() < length) {
        if (random() % 3 == 0) {
            sequence.push_back({to_the_host[random() % to_the_host.size()]});
            continue;
        }
        Event event{to_containers[random() % to_containers.size()], names[random() % names.size()]};
        if (event.what.starts_with("kill")) event.call = 1 + static_cast<int>(random() % 1500);
        sequence.push_back(event);
    }
    return sequence;
}

/// What a runtime knows of a container.
struct Tenant {
    enum class State {
        absent,    ///< nothing was called, or DEL
        attached,  ///< ADD told its addresses, and nothing has happened to it since
        touched,   ///< so it was, but somebody has changed the container or its link
        unknown,   ///< only a DEL makes sure of anything
    };
    State state = State::absent;
    std::optional<TestNetns> netns = {};
    std::vector<std::string> addresses = {};
    std::string made_with = {};  ///< plugins and configuration

    bool holds() const { return state == State::attached || state == State::touched; }
};
using State = Tenant::State;

class Model : public SandboxTest, protected ChainCalls {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) set_up_host();
    }

    /// What is wrong after one of the events, or in the end; "" when all is as the model has it.
    std::string play(const Sequence& sequence) {
        for (const Event& event : sequence) {
            std::string wrong = happen(event);
            wrong += lost_leases();
            if (!wrong.empty()) return cat(event.what, " ", event.whom, ": ", wrong);
        }
        return end();
    }
    std::string play(const std::string& sequence) { return play(parse_sequence(sequence)); }

    /// The shortest part of a sequence that still fails; each try on a host of its own.
    Sequence shrink(Sequence sequence) {
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

    void set_up_another_host() {
        tenants_.clear();
        enter_sandbox();
        set_up_host();
    }

private:
    void set_up_host() {
        choose_way(Way::nftables);
        edited_ = false;
        boot_ = '1';
        tenants_.clear();
        for (const char* name : names) tenants_[name].netns.emplace(name);
        write_boot_id();
        output_of({"mount", "--bind", boot_id_file(), "/proc/sys/kernel/random/boot_id"});
        use_all_ways();
        before_ = traces();
    }
    // In place, as it is mounted.
    void write_boot_id() const {
        std::ofstream(boot_id_file()) << std::string(8, boot_) << "-1111-1111-1111-111111111111\n";
    }
    std::string boot_id_file() const { return cat(host_.path(), "/boot_id"); }
    void choose_way(Way way) {
        // What use() makes.
        for (const char* program : {"iptables-nft", "ip6tables-nft"})
            run({.argv = {program, "-t", "nat", "-X", "HOST"}});
        use(way);
        write_configuration();
    }
    void write_configuration() const { configure(edited_ ? json{{"mtu", 1300}} : json::object()); }
    std::string configuration() const {
        return cat(calls_reference() ? "reference " : "ours ", cni::test::to_string(way()),
                   edited_);
    }

    static json capabilities(const std::string& name) {
        const int port = 8080 + name[0];
        return {{"mac", cat("02:00:00:00:00:0", name)},
                {"portMappings", {mapping(port, 80), mapping(port, 80, "udp")}}};
    }
    Program program(const std::string& command, const std::string& name) const {
        return tool_program({command, "net1", cat("/run/netns/", name)}, capabilities(name));
    }
    static std::string text_of(const Finished& finished) {
        return finished.ok() ? "" : cat(finished.out, finished.err);
    }

    std::string happen(const Event& event) {
        if (event.whom.empty()) return happen_to_host(event.what);
        Tenant& c = tenants_[event.whom];
        if (event.what == "add") return add(event.whom, c);
        if (event.what == "add-reference") return add_by_reference(event.whom, c);
        if (event.what == "del") return del(event.whom, c);
        if (event.what == "check") return check(event.whom, c);
        if (event.what.starts_with("kill-")) return kill(event, c);
        if (c.holds()) touch(event.what, c);
        return {};
    }

    std::string add(const std::string& name, Tenant& c) {
        if (c.state != State::absent) return {};
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
    std::string shared_address(const std::string& name, const Tenant& c) const {
        for (const auto& [other, container] : tenants_)
            for (const std::string& address : container.addresses)
                if (other != name && container.holds() && std::ranges::count(c.addresses, address))
                    return cat(address, " is ", other, "'s");
        return {};
    }
    /// Before they were replaced by ours.
    std::string add_by_reference(const std::string& name, Tenant& c) {
        if (!reference_dir()) return {};
        const Way way = this->way();
        choose_way(Way::iptables_nft);
        call_reference();
        write_configuration();
        const std::string wrong = add(name, c);
        call_ours();
        choose_way(way);
        return wrong;
    }
    std::string del(const std::string& name, Tenant& c) {
        const Finished deleted = run(program("del", name));
        c.state = State::absent;
        c.addresses.clear();
        if (!c.netns) c.netns.emplace(name);
        return text_of(deleted);
    }
    std::string check(const std::string& name, const Tenant& c) const {
        const Finished checked = run(program("check", name));
        if (c.state == State::attached && c.made_with == configuration()) return text_of(checked);
        return c.state == State::touched && checked.ok() ? "is content" : "";
    }
    std::string kill(const Event& event, Tenant& c) {
        const bool is_add = event.what == "kill-add";
        if (is_add ? c.state != State::absent : !c.holds()) return {};
        run_with_fault(program(is_add ? "add" : "del", event.whom),
                       {event.call, Fault::Kind::kill_program});
        c.state = State::unknown;
        c.addresses.clear();
        return {};
    }
    static void touch(const std::string& what, Tenant& c) {
        c.state = State::touched;
        if (what == "drop-netns") return c.netns.reset();
        if (!c.netns) return;
        const json eth0 = link(*c.netns, "eth0");
        if (eth0.is_null()) return;
        if (what == "rename")
            c.netns->output_of({"ip", "link", "set", "eth0", "down", "name", "mine"});
        if (what == "delete-link") c.netns->output_of({"ip", "link", "delete", "eth0"});
        if (what == "delete-port") delete_port(eth0["link_index"]);
    }
    static void delete_port(int index) {
        for (const json& each : json::parse(output_of({"ip", "-j", "link"})))
            if (each["ifindex"] == index)
                output_of({"ip", "link", "delete", each["ifname"].get<std::string>()});
    }

    std::string happen_to_host(const std::string& what) {
        if (what == "gc") return text_of(run(collection(valid())));
        if (what == "status") return text_of(run(tool_program({"status", "net1"}, json::object())));
        if (what == "reboot") reboot();
        if (what == "nftables") choose_way(Way::nftables);
        if (what == "iptables") choose_way(Way::iptables_nft);
        if (what == "edit") edited_ = !edited_, write_configuration();
        return {};
    }
    std::vector<std::string> valid() const {
        std::vector<std::string> paths;
        for (const auto& [name, c] : tenants_)
            if (c.holds()) paths.push_back(cat("/run/netns/", name));
        return paths;
    }
    /// All that the kernel held is gone, and nobody lives.
    void reboot() {
        await_orphans();
        boot_ = static_cast<char>(boot_ == '9' ? '1' : boot_ + 1);
        write_boot_id();
        for (auto& [name, c] : tenants_) {
            c.netns.emplace(name);
            if (c.state != State::absent) c.state = State::unknown;
            c.addresses.clear();
        }
        for (const json& each :
             json::parse(output_of({"ip", "-j", "link", "show", "type", "veth"})))
            run({.argv = {"ip", "link", "delete", each.value("ifname", "")}});
        run({.argv = {"ip", "link", "delete", "cni0"}});
        output_of({"nft", "flush", "ruleset"});
        output_of({"sh", "-c", "rm -rf /run/cnixx.* /run/cni"});
        choose_way(way());
    }

    std::string lost_leases() const {
        std::string lost;
        for (const auto& [name, c] : tenants_)
            for (const std::string& address : c.addresses) {
                const std::string path = cat("/var/lib/cni/networks/net1/", address);
                if (!read_file(path, 4096)) lost += cat("the lease of ", name, " is lost: ", path);
            }
        return lost;
    }

    /// A bridge that was made anew has another number, and the parameters of who made it.
    static Traces traces() {
        Traces all = host_traces();
        std::erase_if(all, [](const std::string& line) {
            return line.starts_with("parameter ") && line.find("/conf/cni0/") != line.npos;
        });
        for (std::string& line : all)
            line = std::regex_replace(line, std::regex("\"[0-9]+:cni0\""), "\"cni0\"");
        return all;
    }
    std::string end() {
        std::string wrong;
        for (const auto& [name, c] : tenants_)
            if (c.state == State::attached) wrong += check(name, c);
        for (auto& [name, c] : tenants_) wrong += del(name, c);
        edited_ = false;
        wrong += use_all_ways();
        await_orphans();
        const std::string left = difference(before_, traces());
        return left.empty() ? wrong : cat(wrong, "left in the end: ", left);
    }
    /// What stays of a network once it was used is the same however often it is used.
    std::string use_all_ways() {
        Tenant& c = tenants_["a"];
        choose_way(Way::iptables_nft);
        std::string wrong = add("a", c);
        wrong += del("a", c);
        wrong += add_by_reference("a", c);
        wrong += del("a", c);
        choose_way(Way::nftables);
        wrong += add("a", c);
        return wrong + del("a", c);
    }

    std::map<std::string, Tenant> tenants_;
    bool edited_ = false;
    TempDir host_;  // outside of what is looked at
    char boot_ = '1';
    Traces before_;
};

int count_from(const char* variable, int fallback) {
    const char* text = std::getenv(variable);
    return text ? parse_int<int>(text).value_or(fallback) : fallback;
}

/// The sequence is left in a file.
void report(const Sequence& sequence, const std::string& wrong) {
    const std::string path = cat(::testing::TempDir(), "cnixx-model-replay");
    std::ofstream(path) << to_string(sequence);
    ADD_FAILURE() << wrong << "\nagain with CNIXX_MODEL_REPLAY=" << path << ":\n"
                  << to_string(sequence);
}

TEST_F(Model, IsWhatIsThere) {
    if (const char* replay = std::getenv("CNIXX_MODEL_REPLAY")) {
        EXPECT_EQ(play(read_file(replay, 1u << 20).value()), "");
        return;
    }
    std::mt19937 random(static_cast<unsigned>(count_from("CNIXX_FAULT_SEED", 0)));
    const int steps = count_from("CNIXX_MODEL_STEPS", 50);
    for (int taken = 0; taken < steps; taken += 25) {
        const Sequence sequence = draw(random);
        if (play(sequence).empty()) continue;
        const Sequence shortest = shrink(sequence);
        set_up_another_host();
        return report(shortest, play(shortest));
    }
}

}  // namespace
}  // namespace cni::test
