#include "bench/measure.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "base/error.h"
#include "bench/run.h"
#include "bench/trace.h"
#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::bench {
namespace {

using nlohmann::json;

struct Container {
    std::string id;
    std::unique_ptr<test::TestNetns> netns;
    json result;  // of the whole chain, as a runtime keeps it for DEL
};

struct Contestant {
    Side side;
    std::vector<Container> containers = {};
    Cost add = {}, del = {};
};

// Destroying a namespace keeps the kernel busy for a while: those that were used are kept until
// the end, so that it does not disturb what is measured next.
std::vector<std::unique_ptr<test::TestNetns>> used;

void make_containers(Contestant& contestant, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        const std::string id = cat(contestant.side.name(), i);
        contestant.containers.push_back({id, std::make_unique<test::TestNetns>(id), json()});
    }
}

void retire_containers(Contestant& contestant) {
    for (Container& container : contestant.containers) used.push_back(std::move(container.netns));
}

// Runs the chain over one container, in order or backwards; `execute` returns a plugin's output.
void run_chain(const Side& side, Container& container, const char* command,
               const std::function<std::string(const Call&)>& execute) {
    const bool is_add = command[0] == 'A';
    for (std::size_t step = 0; step < side.length(); ++step) {
        const std::size_t index = is_add ? step : side.length() - 1 - step;
        const Call call =
            side.call(index, command, container.id, container.netns->path(), container.result);
        const std::string output = execute(call);
        if (is_add) container.result = json::parse(output);
    }
    if (!is_add) container.result = json();
}

void time_chain(const Side& side, Container& container, const char* command, Cost& cost) {
    double sum = 0;
    run_chain(side, container, command, [&](const Call& call) {
        const Timed timed = run_timed(call);
        sum += timed.milliseconds;
        return timed.output;
    });
    cost.milliseconds.push_back(sum);
}

void trace_chain(const Side& side, Container& container, const char* command, Cost& cost) {
    run_chain(side, container, command, [&](const Call& call) {
        const Trace traced = trace(call);
        cost.executions += traced.executions;
        cost.peak_kib = std::max(cost.peak_kib, traced.peak_kib);
        return traced.output;
    });
}

// Attachment by attachment, the two taking turns at being first, so that what disturbs the
// machine disturbs both.
void time_both(Contestant (&both)[2], const char* command, Cost Contestant::*cost) {
    for (std::size_t i = 0; i < both[0].containers.size(); ++i)
        for (const std::size_t turn : {i % 2, 1 - i % 2}) {
            Contestant& contestant = both[turn];
            time_chain(contestant.side, contestant.containers[i], command, contestant.*cost);
        }
}

std::vector<Call> calls_of(const Contestant& contestant, const char* command) {
    std::vector<Call> calls;
    for (const Container& c : contestant.containers)
        calls.push_back(contestant.side.call(0, command, c.id, c.netns->path(), c.result));
    return calls;
}

void run_all_at_once(Contestant& contestant, unsigned width) {
    const Throughput add = run_at_once(calls_of(contestant, "ADD"), width);
    contestant.add.at_once = add.per_second;
    for (std::size_t i = 0; i < add.outputs.size(); ++i)
        contestant.containers[i].result = json::parse(add.outputs[i]);
    contestant.del.at_once = run_at_once(calls_of(contestant, "DEL"), width).per_second;
}

void enter_host() {
    if (const auto reason = test::enter_sandbox()) throw Error(Code::internal, *reason);
}

void measure_chain(const Options& options, const Chain& chain, unsigned leases,
                   std::vector<Row>& rows) {
    enter_host();
    Contestant both[2] = {{.side = Side("ours", options.ours, 0, chain)},
                          {.side = Side("theirs", options.theirs, 1, chain)}};
    for (Contestant& contestant : both) {
        make_leases(contestant.side, leases);
        make_containers(contestant, options.rounds);
        // Not timed: it also makes what is made only once, the bridge and the netfilter tables.
        trace_chain(contestant.side, contestant.containers[0], "ADD", contestant.add);
        trace_chain(contestant.side, contestant.containers[0], "DEL", contestant.del);
    }
    time_both(both, "ADD", &Contestant::add);
    time_both(both, "DEL", &Contestant::del);
    // One plugin after the other cannot be done at once by calls alone.
    if (options.width && both[0].side.length() == 1)
        for (Contestant& contestant : both) run_all_at_once(contestant, options.width);
    rows.push_back({std::string(chain.name), "ADD", leases, both[0].add, both[1].add});
    rows.push_back({std::string(chain.name), "DEL", leases, both[0].del, both[1].del});
    for (Contestant& contestant : both) retire_containers(contestant);
}

long size_of(const std::string& path) {
    struct stat status {};
    check(::stat(path.c_str(), &status), "stat ", path);
    return status.st_size;
}

void note_sizes(const Options& options, const Chain& chain, std::vector<Size>& sizes) {
    for (const std::string& name : Side("", "", 0, chain).executables())
        if (std::ranges::find(sizes, name, &Size::executable) == sizes.end())
            sizes.push_back({name, size_of(cat(options.ours, "/", name)),
                             size_of(cat(options.theirs, "/", name))});
}

// Every namespace is held open by a descriptor.
void allow_many_descriptors() {
    rlimit limit{};
    check(::getrlimit(RLIMIT_NOFILE, &limit), "get the limit of open files");
    limit.rlim_cur = limit.rlim_max;
    check(::setrlimit(RLIMIT_NOFILE, &limit), "set the limit of open files");
}

}  // namespace

double Cost::quantile(double q) const {
    std::vector<double> sorted = milliseconds;
    const auto at = std::lround(q * static_cast<double>(sorted.size() - 1));
    std::ranges::nth_element(sorted, sorted.begin() + at);
    return sorted[static_cast<std::size_t>(at)];
}

Measurements measure(const Options& options) {
    allow_many_descriptors();
    Measurements result;
    for (const Chain* chain : options.chains) {
        note_sizes(options, *chain, result.sizes);
        if (!chain->varies_leases)
            measure_chain(options, *chain, 0, result.rows);
        else
            for (const unsigned leases : options.leases)
                measure_chain(options, *chain, leases, result.rows);
    }
    return result;
}

}  // namespace cni::bench
