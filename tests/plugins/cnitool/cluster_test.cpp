// Nodes with routes to each other's pods; and a node whose plugins are replaced while pods talk.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <nlohmann/json.hpp>

#include "install_fixture.h"
#include "support/test_netns.h"
#include "support/traffic.h"

namespace cni::test {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

/// A process in which two pods send each other numbered datagrams in turn, until it is stopped. The
/// first one that is not answered within ten seconds ends it.
class Talk {
public:
    Talk(const Netns& from, const Netns& to, const std::string& address) {
        const Fd here = open_in(from), there = open_in(to);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(9000);
        ::inet_pton(AF_INET, address.c_str(), &where.sin_addr);
        const auto* target = reinterpret_cast<const sockaddr*>(&where);
        checked(::bind(there.get(), target, sizeof where), "bind");
        checked(::connect(here.get(), target, sizeof where), "connect");
        int ends[2];
        checked(::pipe2(ends, O_CLOEXEC), "pipe");
        stop_ = Fd(ends[1]);
        const Fd until(ends[0]);
        pid_ = checked(::fork(), "fork");
        if (pid_ == 0) talk(here.get(), there.get(), until.get());
    }
    /// Whether all of it arrived, and there was some.
    bool stop() {
        checked(::write(stop_.get(), "x", 1), "stop");
        int status = 0;
        checked(::waitpid(std::exchange(pid_, -1), &status, 0), "wait");
        return status == 0;
    }
    ~Talk() {
        if (pid_ > 0) ::kill(pid_, SIGKILL);
    }

private:
    static Fd open_in(const Netns& netns) {
        return netns.run([] {
            return Fd(checked(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket"));
        });
    }
    static bool receive(int socket, int number, sockaddr_in& from) {
        pollfd ready{socket, POLLIN, 0};
        int got = -1;
        socklen_t size = sizeof from;
        return ::poll(&ready, 1, 10000) == 1 &&
               ::recvfrom(socket, &got, sizeof got, 0, reinterpret_cast<sockaddr*>(&from), &size) ==
                   sizeof got &&
               got == number;
    }
    [[noreturn]] static void talk(int here, int there, int until) {
        pollfd stopped{until, POLLIN, 0};
        int number = 0;
        for (; ::poll(&stopped, 1, 1) == 0; ++number) {
            sockaddr_in from{};
            if (::send(here, &number, sizeof number, 0) != sizeof number) ::_exit(1);
            if (!receive(there, number, from)) ::_exit(2);
            const auto* back = reinterpret_cast<const sockaddr*>(&from);
            if (::sendto(there, &number, sizeof number, 0, back, sizeof from) != sizeof number)
                ::_exit(3);
            if (!receive(here, number, from)) ::_exit(4);
        }
        ::_exit(number > 0 ? 0 : 5);
    }

    Fd stop_;
    pid_t pid_ = -1;
};

class Cluster : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        for (const char* name : {"cnitool", "bridge", "host-local"}) {
            dir_.write(cat("image/", name), "");
            fs::copy_file(cat(bin_dir(), "/", name), path(cat("image/", name)),
                          fs::copy_options::overwrite_existing);
        }
    }
    std::string path(const std::string& name) const { return cat(dir_.path(), "/", name); }

    std::string write_list(const std::string& file, const json& ipam) const {
        json bridge = {{"type", "bridge"}, {"bridge", "cni0"}, {"isDefaultGateway", true}};
        bridge["ipam"] = ipam;
        return dir_.write(
            file, json{{"cniVersion", "1.0.0"}, {"name", "pods"}, {"plugins", {bridge}}}.dump());
    }
    /// A container runtime's call on a node: in the thread's namespace, with the node's folder.
    std::string attach(const std::string& node, const std::string& command,
                       const TestNetns& pod) const {
        Program program{.argv = {path("image/cnitool"), command, "pods", pod.path()}};
        program.environment = {cat("CNI_PATH=", path(node), "/bin"),
                               cat("NETCONFPATH=", path(node), "/net.d")};
        for (const std::string& entry : Program::inherited()) program.environment.push_back(entry);
        const Finished done = run(program);
        EXPECT_TRUE(done.ok()) << command << ": " << done.err << done.out;
        if (!done.ok() || command != "add") return {};
        const std::string address = json::parse(done.out)["ips"][0]["address"];
        return address.substr(0, address.find('/'));
    }
    void expect_installed(const std::string& command, const std::string& node,
                          std::vector<std::string> words = {}) const {
        words.insert(words.begin(),
                     {path("image/cnitool"), command, "--bin-dir", cat(path(node), "/bin"),
                      "--conf-dir", cat(path(node), "/net.d")});
        const Finished done = run({.argv = words});
        EXPECT_TRUE(done.ok()) << done.err;
    }
    /// The third line that a plugin of ours says.
    bool is_ours(const std::string& node) const {
        return run({.argv = {cat(path(node), "/bin/bridge")}, .environment = {}})
                   .err.find("cnixx") != std::string::npos;
    }
    TempDir dir_;
};

/// A node on the network 192.0.2.0/24, with pods in 10.244.N.0/24.
class ClusterNode {
public:
    explicit ClusterNode(int number) : number_(number), netns_(cat("node", number)) {
        const std::string port = cat("port", number);
        output_of({"ip", "link", "add", port, "master", "lan", "type", "veth", "peer", "name",
                   "eth0", "netns", netns_.name()});
        output_of({"ip", "link", "set", port, "up"});
        netns_.output_of({"ip", "address", "add", cat("192.0.2.", number, "/24"), "dev", "eth0"});
        netns_.output_of({"ip", "link", "set", "eth0", "up"});
    }
    void route_to(const ClusterNode& other) const {
        netns_.output_of(
            {"ip", "route", "add", other.pod_cidr(), "via", cat("192.0.2.", other.number_)});
    }
    std::string name() const { return cat("node", number_); }
    std::string pod_cidr() const { return cat("10.244.", number_, ".0/24"); }
    const TestNetns& netns() const { return netns_; }

private:
    int number_;
    TestNetns netns_;
};

TEST_F(Cluster, PodsOfAllNodesReachEachOther) {
    output_of({"ip", "link", "add", "lan", "type", "bridge"});
    output_of({"ip", "link", "set", "lan", "up"});
    std::deque<ClusterNode> nodes;
    std::deque<TestNetns> pods;
    std::vector<std::string> addresses;
    for (int number = 1; number <= 3; ++number) nodes.emplace_back(number);
    for (const ClusterNode& node : nodes) {
        for (const ClusterNode& other : nodes)
            if (&node != &other) node.route_to(other);
        const std::string list =
            write_list(cat(node.name(), "/template/10-pods.conflist"),
                       {{"type", "host-local"}, {"dataDir", path(cat(node.name(), "/leases"))}});
        expect_installed("install", node.name(),
                         {"--conflist", list, "--pod-cidr", node.pod_cidr()});
        pods.emplace_back(cat("pod-of-", node.name()));
        addresses.push_back(
            node.netns().run([&] { return attach(node.name(), "add", pods.back()); }));
    }
    EXPECT_THAT(addresses, ::testing::ElementsAre("10.244.1.2", "10.244.2.2", "10.244.3.2"));
    for (std::size_t from = 0; from < pods.size(); ++from)
        for (std::size_t to = 0; to < pods.size(); ++to) {
            if (from == to) continue;
            const Exchange seen = exchange_tcp({.server = pods[to].netns(),
                                                .address = addresses[to],
                                                .client = pods[from].netns()});
            EXPECT_TRUE(seen.answered) << seen.failure;
            EXPECT_EQ(seen.peer_address, addresses[from]);
        }
}

TEST_F(Cluster, ANodeGoesFromTheReferencePluginsAndBackWhilePodsTalk) {
    if (!reference_dir()) GTEST_SKIP() << "needs the package containernetworking-plugins";
    fs::create_directories(path("node/bin"));
    for (const char* name : {"bridge", "host-local"})
        fs::copy_file(cat(*reference_dir(), "/", name), path(cat("node/bin/", name)));
    write_list("node/net.d/10-pods.conflist",
               {{"type", "host-local"}, {"subnet", "10.244.1.0/24"}, {"dataDir", path("leases")}});
    const TestNetns a("a"), b("b"), c("c"), d("d");
    attach("node", "add", a);
    const std::string address = attach("node", "add", b);
    Talk talk(a.netns(), b.netns(), address);

    expect_installed("install", "node");
    EXPECT_TRUE(is_ours("node"));
    const std::string ours = attach("node", "add", c);
    EXPECT_TRUE(ping(a.netns(), ours));
    attach("node", "check", c);

    expect_installed("uninstall", "node");
    EXPECT_FALSE(is_ours("node"));
    const std::string theirs = attach("node", "add", d);
    EXPECT_NE(theirs, ours);
    EXPECT_TRUE(ping(c.netns(), theirs));
    attach("node", "del", c);
    EXPECT_TRUE(talk.stop()) << "something was lost";

    expect_installed("install", "node");
    for (const TestNetns* pod : {&a, &b, &d}) attach("node", "del", *pod);
    EXPECT_EQ(output_of({"ip", "-o", "link", "show", "type", "veth"}), "");
    for (const std::string& name : dir_.names("leases/pods"))
        EXPECT_FALSE(name.starts_with("10.")) << name;
}

}  // namespace
}  // namespace cni::test
