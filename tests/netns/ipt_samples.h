#pragma once

#include <netinet/in.h>

#include <string>
#include <vector>

#include "iptables/extensions.h"

/// Rules in two languages: for tests of both of iptables' kernel interfaces.
namespace cni::ipt {

inline Prefix prefix(const char* text) {
    return Prefix::parse(text).value();
}

inline Ip ip(const char* text) {
    return Ip::parse(text).value();
}

/// A rule out of what differs from an empty one.
template <typename F>
Rule rule(F&& fill) {
    Rule out;
    fill(out);
    return out;
}

/// A rule in both languages.
struct Sample {
    Family family;
    const char* chain;
    const char* text;  ///< as iptables-save prints it behind "-A chain "
    Rule rule;
};

inline std::vector<Sample> samples() {
    const auto v4 = Family::v4, v6 = Family::v6;
    return {
        {v4, "A", "-j ACCEPT", rule([](Rule& r) { r.target = Verdict::accept; })},
        {v4, "A", "-s 10.1.0.0/16 -d 10.1.2.3/32 -j RETURN", rule([](Rule& r) {
             r.source = {prefix("10.1.0.0/16")};
             r.destination = {prefix("10.1.2.3/32")};
             r.target = Verdict::back;
         })},
        {v4, "A", "! -s 10.1.2.0/25 ! -d 224.0.0.0/4", rule([](Rule& r) {
             r.source = {prefix("10.1.2.0/25"), true};
             r.destination = {prefix("224.0.0.0/4"), true};
         })},
        {v4, "A", "-i eth0 -o eth+", rule([](Rule& r) {
             r.in = {"eth0"};
             r.out = {"eth+"};
         })},
        {v4, "A", "! -i eth+ ! -o eth0", rule([](Rule& r) {
             r.in = {"eth+", true};
             r.out = {"eth0", true};
         })},
        {v4, "A", "! -p udp", rule([](Rule& r) {
             r.protocol = {IPPROTO_UDP, true};
         })},
        {v4, "A", "-m comment --comment \"name: \\\"net1\\\" id: \\\"c1\\\"\" -j B",
         rule([](Rule& r) {
             r.matches = {comment("name: \"net1\" id: \"c1\"")};
             r.target = Jump{"B"};
         })},
        {v4, "A", "-m mark --mark 0x2000/0x2000 -j MASQUERADE", rule([&](Rule& r) {
             r.matches = {mark(0x2000, 0x2000)};
             r.target = masquerade(v4);
         })},
        {v4, "A", "-m mark ! --mark 0x1", rule([](Rule& r) { r.matches = {mark(1, ~0u, true)}; })},
        {v4, "A",
         "-s 10.88.0.0/24 -d 10.1.2.3/32 -p tcp -m tcp --dport 8083 -j DNAT "
         "--to-destination 10.88.0.2:83",
         rule([](Rule& r) {
             r.source = {prefix("10.88.0.0/24")};
             r.destination = {prefix("10.1.2.3/32")};
             r.protocol = {IPPROTO_TCP};
             r.matches = {destination_port(IPPROTO_TCP, 8083)};
             r.target = dnat(ip("10.88.0.2"), 83);
         })},
        {v4, "A", "-p udp -m udp --dport 53 -j B", rule([](Rule& r) {
             r.protocol = {IPPROTO_UDP};
             r.matches = {destination_port(IPPROTO_UDP, 53)};
             r.target = Jump{"B"};
         })},
        {v4, "A", "-p sctp -m sctp --dport 8082 -j B", rule([](Rule& r) {
             r.protocol = {IPPROTO_SCTP};
             r.matches = {destination_port(IPPROTO_SCTP, 8082)};
             r.target = Jump{"B"};
         })},
        {v4, "A", "-p tcp -m comment --comment x -m multiport --dports 8080,8083 -j B",
         rule([](Rule& r) {
             r.protocol = {IPPROTO_TCP};
             r.matches = {comment("x"), destination_ports({8080, 8083})};
             r.target = Jump{"B"};
         })},
        {v4, "A", "-m addrtype --dst-type LOCAL -j B", rule([](Rule& r) {
             r.matches = {address_types({}, {1 << 2})};
             r.target = Jump{"B"};
         })},
        {v4, "A", "-m comment --comment y -j MARK --set-xmark 0x2000/0x2000", rule([](Rule& r) {
             r.matches = {comment("y")};
             r.target = set_mark(0x2000, 0x2000);
         })},
        {v6, "A",
         "-s fd00:88::/64 -d ff00::/9 -p tcp -m tcp --dport 80 -j DNAT --to-destination "
         "[fd00:88::2]:80",
         rule([](Rule& r) {
             r.source = {prefix("fd00:88::/64")};
             r.destination = {prefix("ff00::/9")};
             r.protocol = {IPPROTO_TCP};
             r.matches = {destination_port(IPPROTO_TCP, 80)};
             r.target = dnat(ip("fd00:88::2"), 80);
         })},
        {v6, "A", "! -d ff00::/8 -m comment --comment z -j MASQUERADE", rule([&](Rule& r) {
             r.destination = {prefix("ff00::/8"), true};
             r.matches = {comment("z")};
             r.target = masquerade(v6);
         })},
    };
}

}  // namespace cni::ipt
