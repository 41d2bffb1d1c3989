#include "support/others_rules.h"

#include "base/text.h"

namespace cni::test {
namespace {

const char* iptables_of(Way way) {
    return way == Way::iptables_legacy ? "iptables-legacy" : "iptables-nft";
}

const char* nft_table_of(Way way) {
    switch (way) {
        case Way::nftables:
            return "cni_hostport";
        case Way::iptables_nft:
            return "nat";
        case Way::iptables_legacy:
            break;
    }
    return "others";
}

/// Runs a shell command, in which $i counts its successes, once and then over and over until there
/// is /run/stop.
Process start_loop(const std::string& command) {
    return Process::start(
        {.argv = {"sh", "-c",
                  cat("i=0; while ", command, " && i=$((i+1)); [ ! -e /run/stop ]; do :; done ",
                      "2>/run/complaints; echo $i")}});
}

Process start_iptables(Way way) {
    const std::string iptables = iptables_of(way);
    run({.argv = {"rm", "-f", "/run/stop"}});
    output_of({iptables, "-t", "nat", "-N", "OTHERS"});
    return start_loop(cat(iptables, " -w -t nat -A OTHERS -m comment --comment \"iptables $i\""));
}

Process start_nft(Way way) {
    const std::string table = nft_table_of(way);
    output_of({"nft", cat("add table ip ", table, "; add chain ip ", table, " others")});
    return start_loop(cat("nft add rule ip ", table, " others counter comment \\\"nft $i\\\""));
}

int successes(Process& loop) {
    return parse_int<int>(trim(loop.wait().out)).value();
}

int lines_with(const std::string& text, const std::string& part) {
    int count = 0;
    for (const auto line : split(text, '\n')) count += line.find(part) != line.npos;
    return count;
}

}  // namespace

OthersRules::OthersRules(Way way)
    : way_(way), iptables_(start_iptables(way)), nft_(start_nft(way)) {}

void OthersRules::expect_all_there() {
    output_of({"touch", "/run/stop"});
    const int by_iptables = successes(iptables_), by_nft = successes(nft_);
    const std::string iptables = iptables_of(way_), table = nft_table_of(way_);
    EXPECT_GT(by_iptables, 0);
    EXPECT_EQ(lines_with(output_of({cat(iptables, "-save")}), "\"iptables "), by_iptables);
    EXPECT_GT(by_nft, 0);
    EXPECT_EQ(lines_with(output_of({"nft", "list", "ruleset"}), "comment \"nft "), by_nft);
    output_of({iptables, "-w", "-t", "nat", "-F", "OTHERS"});
    output_of({iptables, "-w", "-t", "nat", "-X", "OTHERS"});
    output_of(
        {"nft", cat("flush chain ip ", table, " others; delete chain ip ", table, " others")});
    if (way_ == Way::iptables_legacy) output_of({"nft", "delete table ip others"});
    output_of({"rm", "/run/stop", "/run/complaints"});
}

}  // namespace cni::test
