#include "bench/measure.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "base/error.h"
#include "bench/lease_service.h"
#include "bench/run.h"
#include "bench/trace.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::bench {
namespace {

using nlohmann::json;

struct Container {
    Attachment attachment;
    std::unique_ptr<test::TestNetns> netns;
};

struct Contestant {
    Side side;
    std::unique_ptr<LeaseService> leases = {};
    std::vector<Container> containers = {};
    Cost add = {}, del = {};
};

// Destroying a namespace keeps the kernel busy for a while: those that were used are kept until
// the end, so that it does not disturb what is measured next.
std::vector<std::unique_ptr<test::TestNetns>> used;

void make_containers(Contestant& contestant, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        const std::string id = cat(contestant.side.name(), i);
        auto netns = std::make_unique<test::TestNetns>(id);
        const std::string path = netns->path();
        contestant.containers.push_back(
            {{.number = i, .container_id = id, .netns = path}, std::move(netns)});
    }
}

void retire_containers(Contestant& contestant) {
    for (Container& container : contestant.containers) used.push_back(std::move(container.netns));
}

// Runs the chain over one container; `measured` runs the plugins that are measured and returns
// their output.
void run_chain(const Side& side, Attachment& attachment, const char* command,
               const std::function<std::string(const Call&)>& measured) {
    for (ChainRun run(side, attachment, command); !run.done();) {
        const Call call = run.call();
        run.take(run.is_timed() ? measured(call) : run_timed(call).output);
    }
}

void time_chain(const Side& side, Attachment& attachment, const char* command, Cost& cost) {
    double sum = 0;
    run_chain(side, attachment, command, [&](const Call& call) {
        const Timed timed = run_timed(call);
        sum += timed.milliseconds;
        return timed.output;
    });
    cost.times.milliseconds.push_back(sum);
    await_orphans();
}

void trace_chain(const Side& side, Attachment& attachment, const char* command, Cost& cost) {
    run_chain(side, attachment, command, [&](const Call& call) {
        const Trace traced = trace(call);
        cost.executions += traced.executions;
        cost.peak_kib = std::max(cost.peak_kib, traced.peak_kib);
        return traced.output;
    });
}

std::vector<Contestant> contestants_of(const Options& options, const Chain& chain) {
    std::vector<Contestant> all;
    all.push_back({.side = Side("ours", options.ours, 0, chain)});
    all.push_back({.side = Side("theirs", options.theirs, 1, chain)});
    if (chain.has_floor && !options.floor.empty())
        all.push_back({.side = Side("floor", options.floor, 2, chain)});
    return all;
}

// Attachment by attachment, taking turns at being first, so that what disturbs the machine disturbs
// all of them.
void time_all(std::vector<Contestant>& all, const char* command, Cost Contestant::*cost) {
    for (std::size_t i = 0; i < all[0].containers.size(); ++i)
        for (std::size_t turn = 0; turn < all.size(); ++turn) {
            Contestant& contestant = all[(i + turn) % all.size()];
            time_chain(contestant.side, contestant.containers[i].attachment, command,
                       contestant.*cost);
        }
}

Storm run_all_at_once(Contestant& contestant, const char* command, unsigned width) {
    std::vector<ChainRun> operations;
    for (Container& c : contestant.containers) {
        if (command[0] == 'A') c.attachment.result = json();  // also where a DEL has failed
        operations.emplace_back(contestant.side, c.attachment, command);
    }
    Storm storm = run_at_once(std::move(operations), width);
    await_orphans();
    return storm;
}

// With loads only the widest: the reference plugins take seconds for each operation.
std::vector<unsigned> widths_of(const Options& options, const Chain& chain, unsigned amount) {
    if (amount == 0 || options.widths.empty()) return options.widths;
    if (chain.load == Load::rules) return {};
    return {options.widths.back()};
}

void enter_host() {
    if (const auto reason = test::enter_sandbox()) throw Error(Code::internal, *reason);
}

// With thousands of rules an operation of the reference plugins takes seconds.
unsigned rounds_of(const Options& options, const Chain& chain, unsigned amount) {
    return chain.load == Load::rules && amount > 0 ? std::max(2u, options.rounds / 5)
                                                   : options.rounds;
}

Row row_of(const std::vector<Contestant>& all, Cost Contestant::*cost, Row row) {
    row.ours = all[0].*cost;
    row.theirs = all[1].*cost;
    if (all.size() > 2) row.floor = all[2].*cost;
    return row;
}

void measure_chain(const Options& options, const Chain& chain, unsigned amount,
                   std::vector<Row>& rows) {
    enter_host();
    if (chain.load == Load::rules) make_rules(chain.legacy_iptables, amount);
    if (chain.load == Load::checks) make_checks(amount);
    std::vector<Contestant> all = contestants_of(options, chain);
    for (Contestant& contestant : all) {
        if (chain.has_master) make_master(contestant.side);
        if (chain.has_lease_service)
            contestant.leases = std::make_unique<LeaseService>(contestant.side);
        if (chain.has_subnet_file) make_subnet_file(contestant.side);
        if (chain.has_devices) make_devices(contestant.side, rounds_of(options, chain, amount));
        if (chain.load == Load::leases) make_leases(contestant.side, amount);
        make_containers(contestant, rounds_of(options, chain, amount));
        // Not timed: it also makes what is made only once, the bridge and the netfilter tables.
        Attachment& first = contestant.containers[0].attachment;
        trace_chain(contestant.side, first, "ADD", contestant.add);
        trace_chain(contestant.side, first, "DEL", contestant.del);
    }
    time_all(all, "ADD", &Contestant::add);
    time_all(all, "DEL", &Contestant::del);
    if (all[0].side.is_timed())
        for (const unsigned width : widths_of(options, chain, amount))
            for (Contestant& contestant : all) {
                contestant.add.at_once.push_back(run_all_at_once(contestant, "ADD", width));
                contestant.del.at_once.push_back(run_all_at_once(contestant, "DEL", width));
            }
    rows.push_back(
        row_of(all, &Contestant::add, {std::string(chain.name), "ADD", chain.load, amount}));
    rows.push_back(
        row_of(all, &Contestant::del, {std::string(chain.name), "DEL", chain.load, amount}));
    for (Contestant& contestant : all) retire_containers(contestant);
}

long size_of(const std::string& path) {
    struct stat status {};
    checked(::stat(path.c_str(), &status), "stat ", path);
    return status.st_size;
}

void note_sizes(const Options& options, const Chain& chain, std::vector<Size>& sizes) {
    for (const std::string& name : executables(chain))
        if (std::ranges::find(sizes, name, &Size::executable) == sizes.end())
            sizes.push_back({name, size_of(cat(options.ours, "/", name)),
                             size_of(cat(options.theirs, "/", name))});
}

// Every namespace is held open by a descriptor.
void allow_many_descriptors() {
    rlimit limit{};
    checked(::getrlimit(RLIMIT_NOFILE, &limit), "get the limit of open files");
    limit.rlim_cur = limit.rlim_max;
    checked(::setrlimit(RLIMIT_NOFILE, &limit), "set the limit of open files");
}

}  // namespace

Measurements measure(const Options& options) {
    allow_many_descriptors();
    adopt_orphans();
    Measurements result;
    for (const Chain* chain : options.chains) {
        note_sizes(options, *chain, result.sizes);
        if (chain->load == Load::none)
            measure_chain(options, *chain, 0, result.rows);
        else
            for (const unsigned amount : options.loads)
                measure_chain(options, *chain, amount, result.rows);
    }
    return result;
}

}  // namespace cni::bench
