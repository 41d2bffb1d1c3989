#include "support/traces.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "support/process.h"
#include "support/snapshot.h"

namespace cni::test {
namespace {

namespace fs = std::filesystem;

void append(Traces& traces, const char* what, const std::string& text) {
    for (const std::string_view line : split(text, '\n'))
        if (!line.empty()) traces.push_back(cat(what, " ", line));
}

bool is_kept_for_good(const std::string& name) {
    return name == "lock" || name.starts_with("last_reserved_ip.") ||
           name.ends_with(".cnixx-index");
}

void append_files(Traces& traces, const std::map<std::string, std::string>& files) {
    for (const auto& [path, content] : files) {
        if (path.starts_with("/run/netns/")) continue;
        const bool name_only = is_kept_for_good(fs::path(path).filename());
        traces.push_back(cat("file ", path, ": ", name_only ? "" : content));
    }
}

void append_parameter(Traces& traces, const fs::path& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return;  // some are written only
    char value[256];
    const ssize_t size = ::read(file.get(), value, sizeof value);
    if (size > 0)
        traces.push_back(
            cat("parameter ", path.string(), " ", trim({value, static_cast<std::size_t>(size)})));
}

void append_parameters(Traces& traces) {
    for (const char* folder : {"/proc/sys/net/ipv4/conf", "/proc/sys/net/ipv6/conf"})
        for (const auto& entry : fs::recursive_directory_iterator(folder))
            if (entry.is_regular_file()) append_parameter(traces, entry.path());
    for (const char* path : {"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/core/somaxconn",
                             "/proc/sys/net/ipv4/ip_local_reserved_ports"})
        append_parameter(traces, path);
}

void append_links(Traces& traces) {
    for (const auto& link : nlohmann::json::parse(output_of({"ip", "-j", "link"})))
        traces.push_back(cat("link ", link["ifname"].get<std::string>(), " ",
                             link["address"].get<std::string>(), " ", link.value("txqlen", 0)));
}

void append_snapshot(Traces& traces, const Snapshot& now) {
    append(traces, "link", now.links);
    append(traces, "address", now.addresses);
    append(traces, "route", now.routes);
    append(traces, "rule", now.rules);
    append(traces, "queueing", now.queueing);
}

}  // namespace

Traces host_traces() {
    Traces traces;
    const Snapshot now = take_snapshot();
    append_snapshot(traces, now);
    append(traces, "nftables", now.nftables);
    append(traces, "iptables", now.iptables);
    append_files(traces, now.files);
    append_parameters(traces);
    return traces;
}

Traces container_traces(const TestNetns& container) {
    return container.run([] {
        Traces traces;
        append_snapshot(traces, take_network_snapshot());
        append_links(traces);
        append_parameters(traces);
        return traces;
    });
}

std::string difference(Traces before, Traces now) {
    std::sort(before.begin(), before.end());
    std::sort(now.begin(), now.end());
    Traces gone, added;
    std::set_difference(before.begin(), before.end(), now.begin(), now.end(),
                        std::back_inserter(gone));
    std::set_difference(now.begin(), now.end(), before.begin(), before.end(),
                        std::back_inserter(added));
    std::string text;
    for (const std::string& line : gone) text += cat("- ", line, "\n");
    for (const std::string& line : added) text += cat("+ ", line, "\n");
    return text;
}

}  // namespace cni::test
