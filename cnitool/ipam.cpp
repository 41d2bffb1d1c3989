#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/warn.h"
#include "call.h"
#include "cni/args.h"
#include "cni/json_writer.h"
#include "node/lease_state.h"
#include "node/ranges.h"
#include "output/table.h"
#include "output/text.h"
#include "state.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option options[] = {output_option, cache_option, data_dir_option};

using Boot = host_local::LeaseView::Boot;
constexpr Named<Boot> boot_names[] = {
    {"this", Boot::current}, {"earlier", Boot::earlier}, {"unknown", Boot::unknown}};

/// What the operands behind the action name.
struct Target {
    std::string network;  ///< "": all
    std::optional<Ip> ip;
};

Target parse_target(const CommandLine& line) {
    Target target;
    for (std::size_t i = 1; i < line.operands().size(); ++i) {
        const std::string& word = line.operands()[i];
        if (const auto ip = Ip::parse(word); ip && !target.ip)
            target.ip = ip;
        else if (is_valid_identifier(word) && target.network.empty() && !target.ip)
            target.network = word;
        else
            throw Error(Code::invalid_environment,
                        cat(quote(word), " is neither a network nor an address"),
                        "operands are [NETWORK] [IP]");
    }
    return target;
}

/// What there is, as far as the operands ask for it.
struct Inventory {
    std::vector<NetworkRange> ranges;
    std::vector<JudgedLease> leases;
    std::vector<std::string> problems;
};

Inventory take_inventory(const CommandLine& line, const std::string& network) {
    NodeAttachments node = survey(state_folders(line), network);
    return {.ranges = known_ranges(conf_dir(), node, network),
            .leases = judge_leases(node),
            .problems = std::move(node.problems)};
}

// What an address of the operands leaves of it.
Inventory narrowed(Inventory found, const Target& target) {
    if (!target.ip) return found;
    std::erase_if(found.leases, [&](const auto& one) { return one.lease.ip != target.ip; });
    std::erase_if(found.ranges, [&](const auto& range) { return !range.contains(*target.ip); });
    return found;
}

Inventory take_inventory(const CommandLine& line, const Target& target) {
    return narrowed(take_inventory(line, target.network), target);
}

/// How full a range is.
struct Fill {
    std::optional<std::uint64_t> size, free;
    std::uint64_t used;
};

Fill fill_of(const NetworkRange& range, const LeasedAddresses& leases) {
    const auto size = range.size();
    const std::uint64_t used = range.used(leases);
    return {size, size ? std::optional(*size - std::min(*size, used)) : std::nullopt, used};
}

std::string number(const std::optional<std::uint64_t>& count) {
    return count ? std::to_string(*count) : ">2^63";
}

std::string table_of_ranges(const Inventory& found, const LeasedAddresses& leases) {
    Table table({"NETWORK", "SUBNET", "FIRST", "LAST", "SIZE", "USED", "FREE"});
    for (const NetworkRange& range : found.ranges) {
        const Fill fill = fill_of(range, leases);
        table.add({range.network, range.subnet.network().to_string(), range.start.to_string(),
                   range.end.to_string(), number(fill.size), std::to_string(fill.used),
                   number(fill.free)},
                  fill.free == 0u ? Table::Mark::bad : Table::Mark::none);
    }
    return table.empty() ? "" : table.print(Screen::of_stdout());
}

Table::Mark mark_of(LeaseState state) {
    switch (state) {
        case LeaseState::alive:
            return Table::Mark::good;
        case LeaseState::dead:
            return Table::Mark::bad;
        case LeaseState::unknown:
            break;
    }
    return Table::Mark::none;
}

std::string table_of_leases(const std::vector<JudgedLease>& leases) {
    Table table({"NETWORK", "ADDRESS", "CONTAINER", "INTERFACE", "SINCE", "BOOT", "STATE"});
    for (const auto& [lease, state, proof] : leases)
        table.add(
            {lease.network, lease.ip.to_string(), lease.owner->container_id, lease.owner->ifname,
             utc(lease.since), std::string(name_of(boot_names, lease.boot)),
             std::string(name_of(lease_state_names, state))},
            mark_of(state));
    return table.empty() ? "" : table.print(Screen::of_stdout());
}

void write_count(JsonWriter& out, std::string_view key, const std::optional<std::uint64_t>& count) {
    if (count) out.member(key, *count);
}

void write(JsonWriter& out, const NetworkRange& range, const Fill& fill) {
    out.begin_object()
        .member("network", range.network)
        .member("dataDir", range.data_dir)
        .member("subnet", range.subnet.network().to_string())
        .member("rangeStart", range.start.to_string())
        .member("rangeEnd", range.end.to_string());
    write_count(out, "size", fill.size);
    write_count(out, "used", fill.used);
    write_count(out, "free", fill.free);
    out.end_object();
}

void write(JsonWriter& out, const JudgedLease& one) {
    out.begin_object()
        .member("network", one.lease.network)
        .member("address", one.lease.ip.to_string())
        .member("containerID", one.lease.owner->container_id)
        .member("ifname", one.lease.owner->ifname)
        .member("since", utc(one.lease.since))
        .member("boot", name_of(boot_names, one.lease.boot))
        .member("state", name_of(lease_state_names, one.state))
        .member("proof", one.proof)
        .member("file", one.lease.path)
        .end_object();
}

std::string json_of(const Inventory& found, const LeasedAddresses& leases) {
    JsonWriter out(JsonWriter::Layout::indented);
    out.begin_object().key("ranges").begin_array();
    for (const NetworkRange& range : found.ranges) write(out, range, fill_of(range, leases));
    out.end_array().key("leases").begin_array();
    for (const JudgedLease& one : found.leases) write(out, one);
    out.end_array().key("problems").begin_array();
    for (const std::string& problem : found.problems) out.value(problem);
    return cat(printable_json(out.end_array().end_object().take()), "\n");
}

void print(const std::string& text) {
    write_all(STDOUT_FILENO, text, "stdout");
}

int show(const CommandLine& line) {
    const Target target = parse_target(line);
    const bool as_json = wants_json(line);
    Inventory all = take_inventory(line, target.network);
    // How full a range is, is asked of all its leases.
    const LeasedAddresses leases(all.leases);
    const Inventory found = narrowed(std::move(all), target);
    if (as_json) {
        print(json_of(found, leases));
        return 0;
    }
    const std::string ranges = table_of_ranges(found, leases);
    const std::string table = table_of_leases(found.leases);
    print(cat(ranges, ranges.empty() || table.empty() ? "" : "\n", table));
    print_problems(found.problems);
    if (target.ip && found.leases.empty()) warn(cat("nobody has ", target.ip->to_string()));
    return 0;
}

std::string sentence(const JudgedLease& one) {
    return cat(one.lease.network, " ", one.lease.ip.to_string(), ": lease of ",
               one.lease.owner->container_id, " ", one.lease.owner->ifname, " is ",
               name_of(lease_state_names, one.state), ": ", one.proof);
}

int check(const CommandLine& line) {
    Inventory found = take_inventory(line, parse_target(line));
    std::erase_if(found.leases,
                  [](const JudgedLease& one) { return one.state == LeaseState::alive; });
    if (wants_json(line)) {
        found.ranges.clear();
        print(json_of(found, LeasedAddresses({})));
    } else {
        for (const JudgedLease& one : found.leases) print(cat(printable(sentence(one)), "\n"));
        print_problems(found.problems);
    }
    return found.leases.empty() && found.problems.empty() ? 0 : 1;
}

// The one lease that the operands name.
JudgedLease find_lease(const CommandLine& line) {
    const Target target = parse_target(line);
    if (!target.ip)
        throw Error(Code::invalid_environment, "release needs an address: [NETWORK] IP");
    const Inventory found = take_inventory(line, target);
    if (found.leases.empty()) {
        print_problems(found.problems);
        throw Error(Code::internal, cat("nobody has ", target.ip->to_string()));
    }
    if (found.leases.size() > 1)
        throw Error(Code::invalid_environment,
                    cat(target.ip->to_string(), " is leased in several networks"),
                    "name the network before the address");
    return found.leases.front();
}

int release(const CommandLine& line) {
    const JudgedLease found = find_lease(line);
    if (found.state != LeaseState::dead)
        throw Error(Code::internal, cat("not released: ", printable(sentence(found))),
                    "detach it: cnitool del, or stop the container");
    if (!host_local::release(found.lease))
        throw Error(Code::try_again_later, cat("somebody else has ", found.lease.ip.to_string(),
                                               " by now, or nobody: look again"));
    print(cat(printable(cat("released ", sentence(found))), "\n"));
    return 0;
}

int run(const CommandLine& line) {
    const std::string& action = line.operands()[0];
    if (action == "show") return show(line);
    if (action == "check") return check(line);
    if (action == "release") return release(line);
    throw Error(Code::invalid_environment,
                cat("ipam ", quote(action), " must be show, check or release"));
}

}  // namespace

const Verb ipam_verb{
    .name = "ipam",
    .operands = "show|check|release [NETWORK] [IP]",
    .min_operands = 1,
    .max_operands = 3,
    .summary = "look at the leases of host-local",
    .help =
        "show     ranges, how full they are, and who holds which address\n"
        "check    the leases that belong to nobody that lives, with the proof; exit status 1\n"
        "         when there are any\n"
        "release  gives one address back; refused while somebody alive bears it\n"
        "A directory of leases is enough; ranges are those of known configurations.\n",
    .example = "cnitool ipam show mynet 10.22.0.2",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
