#include <unistd.h>

#include "base/file.h"
#include "cni/json_writer.h"
#include "output/table.h"
#include "output/text.h"
#include "state.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option options[] = {output_option, cache_option, data_dir_option};

std::vector<std::string_view> names_of_faults(const NodeAttachment& attachment) {
    std::vector<std::string_view> names;
    for (const Fault fault : attachment.faults) names.push_back(name_of(fault_names, fault));
    return names;
}

// "vethab12cd34@cni0"
std::string host_side(const NodeAttachment& attachment) {
    if (!attachment.host_link) return {};
    const std::string& name = attachment.host_link->name;
    return attachment.bridge.empty() ? name : cat(name, "@", attachment.bridge);
}

std::string table_of(const NodeAttachments& node) {
    Table table(
        {"NETWORK", "CONTAINER", "INTERFACE", "ADDRESSES", "NAMESPACE", "HOST", "SINCE", "STATE"});
    for (const NodeAttachment& one : node.list) {
        const std::string faults = join(names_of_faults(one), ",");
        table.add({one.network, one.id.container_id, one.id.ifname, join(one.addresses(), ","),
                   one.netns, host_side(one), utc(one.since()), faults.empty() ? "ok" : faults},
                  faults.empty() ? Table::Mark::good : Table::Mark::bad);
    }
    return table.print(Screen::of_stdout());
}

void write_strings(JsonWriter& out, std::string_view key, const auto& texts) {
    out.key(key).begin_array();
    for (const auto& text : texts) out.value(std::string_view(text));
    out.end_array();
}

void write_if_any(JsonWriter& out, std::string_view key, const std::string& text) {
    if (!text.empty()) out.member(key, text);
}

void write_leases(JsonWriter& out, const NodeAttachment& attachment) {
    out.key("leases").begin_array();
    for (const auto& lease : attachment.leases) out.value(lease.path);
    out.end_array();
}

void write(JsonWriter& out, const NodeAttachment& one) {
    out.begin_object()
        .member("network", one.network)
        .member("containerID", one.id.container_id)
        .member("ifname", one.id.ifname);
    write_strings(out, "addresses", one.addresses());
    write_if_any(out, "netns", one.netns);
    if (one.link) write_if_any(out, "mac", one.link->address_text());
    if (one.host_link) out.member("hostInterface", one.host_link->name);
    write_if_any(out, "bridge", one.bridge);
    write_if_any(out, "since", utc(one.since()));
    if (one.kept) out.member("result", one.kept->path);
    write_leases(out, one);
    write_strings(out, "faults", names_of_faults(one));
    out.end_object();
}

std::string json_of(const NodeAttachments& node) {
    JsonWriter out(JsonWriter::Layout::indented);
    out.begin_object().key("attachments").begin_array();
    for (const NodeAttachment& attachment : node.list) write(out, attachment);
    out.end_array();
    write_strings(out, "problems", node.problems);
    return cat(printable_json(out.end_object().take()), "\n");
}

int run(const CommandLine& line) {
    const bool as_json = wants_json(line);
    const std::string network = network_operand(line);
    const NodeAttachments node = survey(state_folders(line), network);
    write_all(STDOUT_FILENO, as_json ? json_of(node) : table_of(node), "stdout");
    if (!as_json) print_problems(node.problems);
    return 0;
}

}  // namespace

const Verb list_verb{
    .name = "list",
    .operands = "[NETWORK]",
    .min_operands = 0,
    .max_operands = 1,
    .summary = "show the attachments of this node and what is wrong",
    .help =
        "Joins the results that runtimes have kept, the leases of host-local and what the\n"
        "kernel has, and marks what does not fit together. Runs no plugin and changes nothing.\n",
    .example = "cnitool list mynet -o json",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
