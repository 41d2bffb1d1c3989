// A gate: nothing passes between ADD and whoever opens it.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <thread>

#include "admission_fixture.h"
#include "net/ip.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

const json gated = {{"gate", true}};

/// Sends numbered datagrams as fast as it can, until it ends.
class Flood {
public:
    Flood(const Netns& from, const std::string& address, std::uint8_t phase)
        : socket_(open(from, address)), thread_([this, phase] {
              while (!ends_) {
                  ::send(socket_.get(), &phase, 1, MSG_DONTWAIT);
                  ++sent_;
              }
          }) {}
    ~Flood() {
        ends_ = true;
        thread_.join();
    }
    void wait_for_more(long packets) const {
        for (const long end = sent_ + packets; sent_ < end;) std::this_thread::yield();
    }

private:
    static Fd open(const Netns& from, const std::string& address) {
        return from.run([&] {
            const bool is_v4 = address.find(':') == address.npos;
            sockaddr_storage to{};
            socklen_t size = sizeof(sockaddr_in);
            if (is_v4) {
                auto* v4 = reinterpret_cast<sockaddr_in*>(&to);
                *v4 = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {}, .sin_zero = {}};
                std::memcpy(&v4->sin_addr, Ip::parse(address)->data(), 4);
            } else {
                auto* v6 = reinterpret_cast<sockaddr_in6*>(&to);
                v6->sin6_family = AF_INET6;
                v6->sin6_port = htons(9);
                std::memcpy(&v6->sin6_addr, Ip::parse(address)->data(), 16);
                size = sizeof(sockaddr_in6);
            }
            Fd out(checked(::socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
            checked(::connect(out.get(), reinterpret_cast<sockaddr*>(&to), size), "connect");
            return out;
        });
    }

    Fd socket_;
    std::atomic<bool> ends_ = false;
    std::atomic<long> sent_ = 0;
    std::thread thread_;
};

/// What of floods has arrived somewhere.
class Drain {
public:
    explicit Drain(const Netns& netns)
        : socket_(netns.run([] {
              Fd out(checked(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
              sockaddr_in6 any{};
              any.sin6_family = AF_INET6;
              any.sin6_port = htons(9);
              checked(::bind(out.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), "bind");
              return out;
          })) {}

    /// The phases of all that is there.
    std::set<int> phases() const {
        std::set<int> out;
        std::uint8_t phase = 0;
        while (::recv(socket_.get(), &phase, 1, MSG_DONTWAIT) == 1) out.insert(phase);
        return out;
    }
    /// Whether one arrives within three seconds.
    bool gets(std::uint8_t wanted) const {
        const timeval limit{.tv_sec = 3, .tv_usec = 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        std::uint8_t phase = 0;
        while (::recv(socket_.get(), &phase, 1, 0) == 1)
            if (phase == wanted) return true;
        return false;
    }

private:
    Fd socket_;
};

class FirewallGate : public AdmissionTest {
protected:
    /// What an agent does, as docs/plugins/firewall.md says it: it knows addresses, and not how
    /// containers are connected.
    static void open_gate(const Box& box) {
        std::ifstream page(CNIXX_SOURCE_DIR "/docs/plugins/firewall.md");
        int commands = 0;
        for (std::string line; std::getline(page, line);) {
            if (!line.starts_with("nft 'add element")) continue;
            replace_all(line, "10.22.0.2", box.address('4'));
            replace_all(line, "fd00:22::2", box.address('6'));
            output_of({"sh", "-ec", line});
            ++commands;
        }
        EXPECT_EQ(commands, 2);
    }
    static void replace_all(std::string& text, const std::string& from, const std::string& to) {
        for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
            text.replace(at, from.size(), to);
    }
    void expect_closed(const Box& box) const {
        for (const char family : both) {
            EXPECT_TRUE(is_cut_off(box.netns, world_address(family))) << family << rules();
            EXPECT_TRUE(is_cut_off(world(), box.address(family))) << family << rules();
        }
    }
    void expect_open(const Box& box) const {
        for (const char family : both) {
            EXPECT_TRUE(tcp(box.netns.netns(), world().netns(), world_address(family))) << family;
            EXPECT_TRUE(tcp(world().netns(), box.netns.netns(), box.address(family))) << family;
        }
    }
};

INSTANTIATE_TEST_SUITE_P(, FirewallGate, ::testing::Values(Cable::ptp, Cable::bridge), name_of);

TEST_P(FirewallGate, IsClosedUntilTheAddressIsPutIntoTheSet) {
    const Box c1("c1"), c2("c2");
    admit(c1, gated);
    admit(c2, gated);
    EXPECT_EQ(fault(c1, gated), "");
    expect_closed(c1);
    EXPECT_TRUE(is_cut_off(c1.netns, c2.address('4')));
    open_gate(c1);
    EXPECT_EQ(fault(c1, gated), "");
    expect_open(c1);
    // It opens nobody else's.
    EXPECT_TRUE(is_cut_off(c1.netns, c2.address('4')));
    EXPECT_TRUE(is_cut_off(c2.netns, c1.address('6')));
    open_gate(c2);
    EXPECT_TRUE(tcp(c1.netns.netns(), c2.netns.netns(), c2.address('4')));
    EXPECT_TRUE(tcp(c2.netns.netns(), c1.netns.netns(), c1.address('6')));
}

TEST_P(FirewallGate, OneFamilyIsOpenedByItsOwnAddress) {
    const Box c1("c1");
    admit(c1, gated);
    nft(cat("add element ", table(), " open_v6 { ", c1.address('6'), " }"));
    EXPECT_TRUE(tcp(c1.netns.netns(), world().netns(), world_address('6')));
    EXPECT_TRUE(is_cut_off(c1.netns, world_address('4')));
}

TEST_P(FirewallGate, HoldsBackAFloodFromTheBeginning) {
    const Box c1("c1");
    for (const char family : both) {
        const Drain inside(c1.netns.netns()), outside(world().netns());
        const auto flood = [&](std::uint8_t phase, const std::function<void(long)>& meanwhile) {
            const Flood out(c1.netns.netns(), world_address(family), phase);
            const Flood in(world().netns(), c1.address(family), phase);
            out.wait_for_more(1);
            in.wait_for_more(1);
            meanwhile(phase);
            out.wait_for_more(3000);
            in.wait_for_more(3000);
        };
        // It runs, and is known to the host's connection tracking, when the gate comes.
        flood(1, [&](long) {
            EXPECT_TRUE(outside.gets(1) && inside.gets(1));
            admit(c1, gated);
        });
        inside.phases();
        outside.phases();
        flood(2, [](long) {});
        EXPECT_EQ(inside.phases(), std::set<int>{}) << family;
        EXPECT_EQ(outside.phases(), std::set<int>{}) << family;
        open_gate(c1);
        flood(3, [&](long) { EXPECT_TRUE(outside.gets(3) && inside.gets(3)) << family; });
        dismiss(c1);
    }
}

TEST_P(FirewallGate, AnAddressThatIsUsedAgainStartsClosed) {
    const Box c1("c1");
    admit(c1, gated);
    open_gate(c1);
    dismiss(c1);
    EXPECT_EQ(count("10.1.2."), 0u) << rules();
    EXPECT_EQ(count("fd00:1:2::"), 0u) << rules();
    expect_open(c1);  // nobody asks for a gate
    admit(c1, gated);
    expect_closed(c1);
    open_gate(c1);
    admit(c1, gated);
    expect_closed(c1);
    // Somebody opened it ahead of ADD.
    dismiss(c1);
    open_gate(c1);
    admit(c1, gated);
    expect_closed(c1);
}

TEST_P(FirewallGate, WhateverAContainerWritesIntoItsPackets) {
    const Box open("c1"), closed("c2");
    for (const Box* box : {&open, &closed}) admit(*box, gated);
    open_gate(open);
    for (const char family : both) {
        // As if it were the one whose gate is open; then one that arrives.
        const auto packet = [&](const std::string& source, int port) {
            return RawPacket{.protocol = IPPROTO_UDP,
                             .source = source,
                             .destination = world_address(family),
                             .source_port = 4000,
                             .port = port};
        };
        const Delivered seen(world().netns(), IPPROTO_UDP, family);
        RawPacket forged = packet(open.address(family), 9),
                  honest = packet(open.address(family), 9);
        forged.mark = 1;
        honest.mark = 2;
        send_frame(closed.netns.netns(), "eth0", closed.gateway_mac(), forged);
        send_frame(open.netns.netns(), "eth0", open.gateway_mac(), honest);
        EXPECT_EQ(seen.marks_until(2), std::set<std::uint32_t>{}) << family;
    }
}

TEST_P(FirewallGate, NeighboursAreFoundThroughIt) {
    const Box c1("c1");
    admit(c1, gated);
    // The host's side asks, and the container answers: nothing else may.
    const std::string bridge = GetParam() == Cable::ptp ? c1.door() : "cni2";
    output_of({"ip", "neigh", "flush", "dev", bridge});
    for (const char family : both) {
        is_cut_off(c1.netns, family == '4' ? "10.1.2.1" : "fd00:1:2::1");
        const std::string known = c1.netns.output_of({"ip", "neigh", "show", "dev", "eth0"});
        EXPECT_THAT(known, HasSubstr("lladdr")) << family;
    }
}

TEST_P(FirewallGate, DelLeavesWhoGotTheAddress) {
    const Box gone("c1"), other("c2");
    admit(gone, gated);
    // The address is given away before the container is deleted.
    json result = other.result;
    result["ips"] = gone.result["ips"];
    const json keys = {{"gate", true}, {"prevResult", result}};
    const PluginRun added = firewall("ADD", other, keys);
    ASSERT_TRUE(added.ok()) << added.report();
    open_gate(gone);
    dismiss(gone);
    EXPECT_EQ(fault(other, keys), "");
    EXPECT_THAT(output_of({"nft", cat("list set ", table(), " open_v4")}),
                HasSubstr(gone.address('4')));
    EXPECT_THAT(output_of({"nft", cat("list set ", table(), " open_v6")}),
                HasSubstr(gone.address('6')));
    dismiss(other);
    EXPECT_THAT(output_of({"nft", cat("list set ", table(), " open_v4")}),
                Not(HasSubstr("10.1.2.")));
    EXPECT_EQ(count(gone.address('6')), 0u) << rules();
}

TEST_P(FirewallGate, GcRemovesWhatIsNotValid) {
    const Box stale("c1"), valid("c2"), foreign("c3", 3);
    for (const Box* box : {&stale, &valid, &foreign}) {
        admit(*box, gated);
        open_gate(*box);
    }
    gc(stale, {"c2"});
    EXPECT_EQ(count(stale.door()), 0u) << rules();
    EXPECT_EQ(count(stale.address('4')), 0u) << rules();
    EXPECT_EQ(fault(valid, gated), "");
    gc(stale, {});
    EXPECT_EQ(count("10.1.2."), 0u) << rules();
    EXPECT_EQ(fault(foreign, gated), "");
    EXPECT_TRUE(tcp(foreign.netns.netns(), world().netns(), world_address('4')));
}

TEST_P(FirewallGate, ManyComeAndGoAtOnce) {
    constexpr int number = 12;
    const Box first("first");
    admit(first, gated);
    std::vector<std::unique_ptr<Box>> boxes;
    for (int i = 0; i < number; ++i) boxes.push_back(std::make_unique<Box>(cat("m", i)));
    const std::string before = rules();
    const auto all = [&](const char* command) {
        std::vector<Process> processes;
        for (const auto& box : boxes)
            processes.push_back(Process::start(
                plugin_program("firewall", command, args(box->netns), config(*box, gated).dump())));
        for (Process& each : processes) {
            const Finished finished = each.wait();
            EXPECT_TRUE(finished.ok()) << command << finished.out << finished.err;
        }
    };
    for (const char* command : {"ADD", "CHECK", "ADD", "DEL", "DEL"}) {
        all(command);
        EXPECT_EQ(fault(first, gated), "");
    }
    EXPECT_EQ(rules(), before);
}

TEST_P(FirewallGate, NeedsAnAddressOfTheContainer) {
    const Box c1("c1");
    json result = c1.result;
    result["ips"] = json::array();
    const PluginRun run = firewall("ADD", c1, {{"gate", true}, {"prevResult", result}});
    EXPECT_EQ(run.error_code(), 7);
    EXPECT_EQ(run.error_message(), "prevResult has no address that could open the gate");
    EXPECT_EQ(rules(), "");
}

TEST_P(FirewallGate, TheTablesAreListedByNft) {
    const Box c1("c1");
    admit(c1, gated);
    open_gate(c1);
    EXPECT_THAT(rules(), HasSubstr("closed until 10.1.2.2 is in open_v4"));
    EXPECT_THAT(output_of({"nft", cat("list set ", table(), " gated_v4")}),
                HasSubstr("net: net2, if: eth0, id: c1"));
    const std::string saved = output_of({"nft", "list", "ruleset"});
    output_of({"nft", "flush", "ruleset"});
    output_of({"nft", "-f", "-"}, saved);
    EXPECT_EQ(fault(c1, gated), "");
    expect_open(c1);
}

}  // namespace
}  // namespace cni::test
