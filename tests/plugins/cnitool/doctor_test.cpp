// cnitool doctor: a healthy node has no finding, and each fault is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "node_fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

/// A node with one container, c1.
class CnitoolDoctor : public NodeTest {
protected:
    void SetUp() override {
        NodeTest::SetUp();
        if (IsSkipped()) return;
        c1_.emplace("c1");
        add(*c1_);
    }

    /// A fault that is planted, and what takes it away.
    struct Fault {
        std::string name;
        std::function<void()> plant, mend;
        std::vector<std::string> environment = {};
    };

    static std::function<void()> sh(const std::string& command) {
        return [command] { output_of({"sh", "-c", command}); };
    }
    std::function<void()> in_c1(const std::string& command) const {
        return [this, command] { c1_->output_of({"sh", "-c", command}); };
    }
    std::function<void()> network_of(const std::string& name, const std::string& plugin) const {
        return [this, name, plugin] {
            write_network({{"cniVersion", "1.0.0"},
                           {"name", name},
                           {"plugins", json::array({json::parse(plugin)})}});
        };
    }
    std::function<void()> remove_network(const std::string& name) const {
        return sh(cat("rm ", net_d_.path(), "/", name, ".conflist"));
    }
    std::function<void()> plugin_file(const std::string& mode, const std::string& content) const {
        return [this, mode, content] {
            network_of("other", R"({"type":"special"})")();
            output_of({"chmod", mode, plugins_.write("special", content)});
        };
    }
    std::function<void()> remove_plugin() const {
        return [this] {
            remove_network("other")();
            output_of({"rm", "-f", cat(plugins_.path(), "/special")});
        };
    }
    std::string host_end() const {
        return parsed({"list", "-o", "json"})["attachments"][0]["hostInterface"];
    }
    std::vector<std::string> both_directories() const {
        return {cat("CNI_PATH=", bin_dir(), ":", plugins_.path())};
    }

    std::vector<Fault> faults_of_files() const;
    std::vector<Fault> faults_of_the_host() const;
    std::vector<Fault> faults_of_addresses() const;
    std::vector<Fault> faults_of_the_attachment() const;

    void expect_all_named(const std::vector<Fault>& faults) const {
        for (const Fault& fault : faults) {
            fault.plant();
            const Finished found = tool({"doctor"}, fault.environment);
            EXPECT_THAT(found.out, HasSubstr(cat(" ", fault.name, ": "))) << found.err;
            EXPECT_THAT(found.out, HasSubstr("; mend: ")) << fault.name;
            EXPECT_THAT(found.exit_code(), found.out.find("error ") == 0 ||
                                                   found.out.find("\nerror ") != std::string::npos
                                               ? 2
                                               : 1)
                << fault.name;
            fault.mend();
            const Finished healthy = tool({"doctor"});
            EXPECT_EQ(healthy.out, "") << "after " << fault.name;
            EXPECT_EQ(healthy.exit_code(), 0) << fault.name;
        }
    }

    TempDir plugins_;
    std::optional<TestNetns> c1_;
};

TEST_F(CnitoolDoctor, FindsNothingOnAHealthyNode) {
    const Finished found = tool({"doctor"});
    EXPECT_EQ(found.exit_code(), 0);
    EXPECT_EQ(found.out, "");
    EXPECT_EQ(found.err, "");
    EXPECT_EQ(parsed({"doctor", "-o", "json"}), json::array());
}

TEST_F(CnitoolDoctor, TellsAFindingAsJson) {
    sh("echo 0 > /proc/sys/net/ipv4/ip_forward")();
    const Finished found = tool({"doctor", "-o", "json"});
    EXPECT_EQ(found.exit_code(), 2);
    EXPECT_EQ(json::parse(found.out), R"([{"severity":"error","name":"forwarding-off",
        "cause":"containers of net1 reach nothing beyond the host: somebody has switched forwarding off",
        "evidence":"net.ipv4.ip_forward = 0","mend":"sysctl -w net.ipv4.ip_forward=1"}])"_json);
}

const auto nothing = [] {};

auto CnitoolDoctor::faults_of_files() const -> std::vector<Fault> {
    return {
        {"no-plugin-directory", nothing, nothing, {cat("CNI_PATH=/nowhere:", bin_dir())}},
        {"plugin-missing", network_of("other", R"({"type":"special"})"), remove_network("other")},
        {"plugin-not-executable", plugin_file("600", "x"), remove_plugin(), both_directories()},
        {"plugin-writable", plugin_file("777", "x"), remove_plugin(), both_directories()},
        {"mixed-plugins", plugin_file("755", "\xff Go buildinf:"), remove_plugin(),
         both_directories()},
        {"bad-configuration", [this] { net_d_.write("bad.conf", "{"); },
         sh(cat("rm ", net_d_.path(), "/bad.conf"))},
        {"no-configuration", nothing, nothing, {"NETCONFPATH=/nowhere"}},
        {"unreadable-state", sh("echo x > /var/lib/cni/results/garbled"),
         sh("rm /var/lib/cni/results/garbled")},
    };
}

auto CnitoolDoctor::faults_of_the_host() const -> std::vector<Fault> {
    return {
        {"forwarding-off", sh("echo 0 > /proc/sys/net/ipv4/ip_forward"),
         sh("echo 1 > /proc/sys/net/ipv4/ip_forward")},
        {"strict-rp-filter",
         sh("echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter; for d in d1 d2; do ip link add $d up "
            "type veth peer name p$d && "
            "echo 1 > /proc/sys/net/ipv4/conf/$d/rp_filter; done; "
            "ip route add default dev d1; ip route add default dev d2 metric 9"),
         sh("ip link del d1; ip link del d2")},
        {"forward-drop",
         sh("nft 'add table ip filter; add chain ip filter FORWARD "
            "{ type filter hook forward priority 0; policy drop; }'"),
         sh("nft delete table ip filter")},
        {"firewalld-rejects", sh("nft add table inet firewalld"),
         sh("nft delete table inet firewalld")},
        {"subnet-clash",
         sh("ip link add d1 up type veth peer name p1; ip route add 10.1.2.128/25 dev d1"),
         sh("ip link del d1")},
        {"no-bridge",
         [this] {
             sh("ip link add d1 type veth peer name p1")();
             network_of("other", R"({"type":"bridge","bridge":"d1"})")();
         },
         [this] {
             sh("ip link del d1")();
             remove_network("other")();
         }},
        {"bridge-down", sh("ip link set cni1 down"), sh("ip link set cni1 up")},
        {"mtu-above-uplink",
         sh("ip link add d1 mtu 1400 up type veth peer name p1; ip route add default dev d1"),
         sh("ip link del d1")},
    };
}

auto CnitoolDoctor::faults_of_addresses() const -> std::vector<Fault> {
    const std::string small = "/var/lib/cni/networks/small";
    const auto lease = [&](const std::string& numbers) {
        return cat("mkdir -p ", small, "; for n in ", numbers, "; do printf 'gone\\r\\neth0' > ",
                   small, "/10.5.0.$n; done");
    };
    const auto range = [&](const std::string& keys, const std::string& numbers) {
        return [this, keys, command = lease(numbers)] {
            network_of("small",
                       cat(R"({"type":"bridge","bridge":"cni2","ipam":{"type":"host-local",)", keys,
                           "}}"))();
            sh(command)();
        };
    };
    const auto remove = [this, small] {
        remove_network("small")();
        sh(cat("rm -r ", small))();
    };
    return {
        {"range-exhausted", range(R"("subnet":"10.5.0.0/30")", "2"), remove},
        {"range-nearly-exhausted",
         range(R"("subnet":"10.5.0.0/24","rangeStart":"10.5.0.2","rangeEnd":"10.5.0.11")",
               "2 3 4 5 6 7 8 9 10"),
         remove},
        {"dead-lease", sh(lease("2")), sh(cat("rm -r ", small))},
        {"networks-overlap", network_of("small", R"({"type":"bridge","bridge":"cni2",
                                 "ipam":{"type":"host-local","subnet":"10.1.0.0/16"}})"),
         remove_network("small")},
    };
}

auto CnitoolDoctor::faults_of_the_attachment() const -> std::vector<Fault> {
    const std::string end = host_end();
    const std::string mac = parsed({"list", "-o", "json"})["attachments"][0]["mac"];
    const std::string kept = kept_result(), lease = cat(leases, "/10.1.2.2");
    return {
        {"address-gone", in_c1("ip addr del 10.1.2.2/24 dev eth0"),
         in_c1("ip addr add 10.1.2.2/24 dev eth0")},
        {"other-link", in_c1("ip link set eth0 address 02:00:00:00:00:01"),
         in_c1(cat("ip link set eth0 address ", mac))},
        {"link-gone", in_c1("ip link set eth0 down; ip link set eth0 name eth7"),
         in_c1("ip link set eth7 name eth0; ip link set eth0 up")},
        {"link-without-lease", sh(cat("mv ", lease, " /run/lease")),
         sh(cat("mv /run/lease ", lease))},
        {"no-result", sh(cat("mv ", kept, " /run/kept")), sh(cat("mv /run/kept ", kept))},
        {"host-link-down", sh(cat("ip link set ", end, " down")),
         sh(cat("ip link set ", end, " up"))},
        {"not-in-bridge", sh(cat("ip link set ", end, " nomaster")),
         sh(cat("ip link set ", end, " master cni1"))},
        {"mtu-mismatch", sh(cat("ip link set ", end, " mtu 1400")),
         sh(cat("ip link set ", end, " mtu 1500"))},
    };
}

TEST_F(CnitoolDoctor, NamesAnAddressThatTwoContainersHave) {
    const TestNetns c2("c2");
    add(c2);
    c2.output_of({"ip", "addr", "add", "10.1.2.2/24", "dev", "eth0"});
    EXPECT_THAT(tool({"doctor"}).out, HasSubstr("error duplicate-address: two containers have the "
                                                "address 10.1.2.2 ("));
}

// Its interface and that one's addresses; all else is listed once for all.
TEST_F(CnitoolDoctor, AsksTheKernelOnceForEachContainer) {
    const auto questions = [&] {
        Program program{.argv = {"strace", "-qq", "-e", "trace=sendmsg", "-o", "/run/trace",
                                 cat(bin_dir(), "/cnitool"), "doctor"}};
        // The leak checker cannot work in a traced process.
        program.environment = {"ASAN_OPTIONS=detect_leaks=0"};
        for (std::string& entry : environment()) program.environment.push_back(std::move(entry));
        EXPECT_TRUE(run(program).ok());
        return std::stoi(output_of({"sh", "-c", "grep -c sendmsg /run/trace"}));
    };
    const int before = questions();
    const TestNetns c2("c2"), c3("c3"), c4("c4");
    for (const TestNetns* each : {&c2, &c3, &c4}) add(*each);
    EXPECT_EQ(questions() - before, 3);
}

TEST_F(CnitoolDoctor, NamesANamespaceThatIsGone) {
    c1_->unmount();
    EXPECT_THAT(tool({"doctor"}).out, HasSubstr("warning namespace-gone: "));
}

TEST_F(CnitoolDoctor, NamesFaultsOfFiles) {
    expect_all_named(faults_of_files());
}

TEST_F(CnitoolDoctor, NamesFaultsOfTheHost) {
    expect_all_named(faults_of_the_host());
}

TEST_F(CnitoolDoctor, NamesFaultsOfAddresses) {
    expect_all_named(faults_of_addresses());
}

TEST_F(CnitoolDoctor, NamesFaultsOfAttachments) {
    expect_all_named(faults_of_the_attachment());
}

}  // namespace
}  // namespace cni::test
