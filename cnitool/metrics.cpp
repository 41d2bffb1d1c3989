#include <unistd.h>

#include <map>

#include "base/file.h"
#include "call.h"
#include "node/lease_state.h"
#include "node/operations.h"
#include "node/ranges.h"
#include "state.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option log_option{0, "log", "FILE", "of operations (default CNI_LOG_FILE)"};
constexpr Option options[] = {log_option, cache_option, data_dir_option};

/// One metric in the text format of Prometheus. What labels hold are names that were validated, and
/// addresses: nothing in them needs an escape.
class Gauge {
public:
    Gauge(std::string_view name, std::string_view help, std::string_view type = "gauge")
        : name_(name) {
        text_ = cat("# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n");
    }
    Gauge& sample(std::string_view labels, const auto& value, std::string_view suffix = "") {
        text_ += cat(name_, suffix, labels.empty() ? "" : "{", labels, labels.empty() ? "" : "}",
                     " ", value, "\n");
        return *this;
    }
    const std::string& text() const { return text_; }

private:
    std::string name_, text_;
};

std::string label(std::string_view name, std::string_view value) {
    return cat(name, "=\"", value, "\"");
}

/// How often each set of labels occurs.
class Counts {
public:
    void add(std::string labels) { ++counts_[std::move(labels)]; }
    std::string print(Gauge gauge) const {
        for (const auto& [labels, count] : counts_) gauge.sample(labels, count);
        return gauge.text();
    }

private:
    std::map<std::string, std::uint64_t> counts_;
};

std::string of_attachments(const NodeAttachments& node) {
    Counts all, faults;
    for (const NodeAttachment& one : node.list) {
        const std::string network = label("network", one.network);
        all.add(network);
        for (const Fault fault : one.faults)
            faults.add(cat(network, ",", label("fault", name_of(fault_names, fault))));
    }
    return cat(all.print({"cnixx_attachments", "Attachments, of which anything tells."}),
               faults.print({"cnixx_attachment_faults", "Attachments that do not fit together."}));
}

std::string of_leases(const std::vector<JudgedLease>& leases) {
    Counts counts;
    for (const JudgedLease& one : leases)
        counts.add(cat(label("network", one.lease.network), ",",
                       label("state", name_of(lease_state_names, one.state))));
    return counts.print({"cnixx_leases", "Leases of host-local."});
}

std::string labels_of(const NetworkRange& range) {
    return cat(label("network", range.network), ",",
               label("family", range.start.family() == Family::v4 ? "ipv4" : "ipv6"), ",",
               label("first", range.start.to_string()), ",", label("last", range.end.to_string()));
}

// Ranges that no number counts never run out.
std::string of_ranges(const std::vector<NetworkRange>& ranges,
                      const std::vector<JudgedLease>& leases) {
    const LeasedAddresses leased(leases);
    Gauge size("cnixx_range_addresses", "Addresses that host-local can hand out.");
    Gauge used("cnixx_range_leased", "Addresses of it that are leased.");
    for (const NetworkRange& range : ranges) {
        if (const auto addresses = range.size()) size.sample(labels_of(range), *addresses);
        used.sample(labels_of(range), range.used(leased));
    }
    return cat(size.text(), used.text());
}

// "0.004310"
std::string seconds(std::uint64_t microseconds) {
    const std::string fraction = std::to_string(1'000'000 + microseconds % 1'000'000);
    return cat(microseconds / 1'000'000, ".", fraction.substr(1));
}

std::string of_operations(const std::string& path) {
    if (path.empty()) return {};
    Gauge count("cnixx_operations_total", "Operations that the log tells of.", "counter");
    Gauge time("cnixx_operation_duration_seconds", "How long they took.", "summary");
    for (const auto& [kind, totals] : read_operations(path)) {
        const std::string labels =
            cat(label("plugin", kind.plugin), ",", label("command", kind.command), ",",
                label("outcome", kind.failed ? "failure" : "success"));
        count.sample(labels, totals.count);
        time.sample(labels, seconds(totals.microseconds), "_sum");
        time.sample(labels, totals.timed, "_count");
    }
    return cat(count.text(), time.text());
}

int run(const CommandLine& line) {
    const NodeAttachments node = survey(state_folders(line), "");
    const auto leases = judge_leases(node);
    Gauge problems("cnixx_state_problems", "Files of state that make no sense.");
    problems.sample("", node.problems.size());
    write_all(STDOUT_FILENO,
              cat(of_attachments(node), of_leases(leases),
                  of_ranges(known_ranges(conf_dir(), node, ""), leases), problems.text(),
                  of_operations(line.last_or(log_option.name, variable_or("CNI_LOG_FILE", "")))),
              "stdout");
    return 0;
}

}  // namespace

const Verb metrics_verb{
    .name = "metrics",
    .operands = "",
    .min_operands = 0,
    .max_operands = 0,
    .summary = "print figures for Prometheus",
    .help =
        "Counts attachments, leases and what does not fit together, in the text format that\n"
        "the textfile collector of the node exporter reads, and operations and how long they took\n"
        "if there is a log. Runs nothing and changes nothing.\n",
    .example = "cnitool metrics >/var/lib/node_exporter/cnixx.prom",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
