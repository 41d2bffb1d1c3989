#include "support/dhcp.h"

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>

#include "base/file.h"

namespace cni::test {
namespace {

bool is_answered() {
    const std::string config =
        R"({"cniVersion": "1.1.0", "name": "net1", "type": "dhcp", "ipam": {"type": "dhcp"}})";
    return run_plugin("dhcp", "STATUS", {.container_id = {}, .netns = {}, .ifname = {}}, config)
        .ok();
}

bool serves_dhcp() {
    return read_file("/proc/thread-self/net/udp", 1u << 20).value_or("").find(":0043 ") !=
           std::string::npos;
}

}  // namespace

bool comes_true(const std::function<bool()>& what) {
    constexpr timespec pause{.tv_sec = 0, .tv_nsec = 10'000'000};
    for (int attempt = 0; attempt < 1500; ++attempt) {
        if (what()) return true;
        ::nanosleep(&pause, nullptr);
    }
    return false;
}

Process start_dhcp_daemon(const std::vector<std::string>& flags, const std::string& folder) {
    std::vector<std::string> argv = {cat(folder, "/dhcp"), "daemon"};
    argv.insert(argv.end(), flags.begin(), flags.end());
    Process daemon = Process::start({.argv = argv});
    EXPECT_TRUE(comes_true(is_answered));
    return daemon;
}

Process start_dnsmasq(const Netns& netns, const std::string& ifname, const std::string& range,
                      const std::vector<std::string>& options) {
    // As it debugs itself: it keeps its user and groups, which it may not change in a sandbox.
    std::vector<std::string> argv = {"dnsmasq",
                                     "--no-daemon",
                                     "--conf-file=/dev/null",
                                     "--port=0",
                                     "--bind-interfaces",
                                     "--no-ping",
                                     "--dhcp-authoritative",
                                     cat("--interface=", ifname),
                                     cat("--dhcp-leasefile=", dnsmasq_leases),
                                     cat("--dhcp-range=", range)};
    argv.insert(argv.end(), options.begin(), options.end());
    return netns.run([&] {
        Process server = Process::start({.argv = argv});
        EXPECT_TRUE(comes_true(serves_dhcp));
        return server;
    });
}

std::vector<std::string> addresses_of_dnsmasq() {
    std::vector<std::string> given;
    const std::string text = read_file(dnsmasq_leases, 1u << 20).value_or("");
    for (const std::string_view line : split(text, '\n'))
        if (const auto words = split(line, ' '); words.size() > 2) given.emplace_back(words[2]);
    std::sort(given.begin(), given.end());
    return given;
}

}  // namespace cni::test
