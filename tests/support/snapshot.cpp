#include "support/snapshot.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "support/process.h"

namespace cni::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json list(std::vector<std::string> argv) {
    argv.insert(argv.begin(), {"ip", "-j"});
    const std::string text = output_of(argv);
    return trim(text).empty() ? json::array() : json::parse(text);
}

// One line per object with only the given keys, sorted.
std::string lines(const json& objects, const std::set<std::string>& keys) {
    std::vector<std::string> result;
    for (const json& object : objects) {
        json kept;
        for (const auto& [key, value] : object.items())
            if (keys.count(key)) kept[key] = value;
        result.push_back(kept.dump());
    }
    std::sort(result.begin(), result.end());
    return join(result, "\n");
}

// What the kernel gives every IPv6 link when it finds the time: the link-local address with its
// routes, the multicast route, the anycast address of routers, the local routes of addresses.
bool is_automatic(const std::string& destination, const json& object) {
    const std::string type = object.value("type", "");
    return destination.starts_with("fe80:") || destination.starts_with("ff00:") ||
           type == "anycast" || (type == "local" && destination.find(':') != destination.npos);
}

json addresses(const json& links) {
    json result = json::array();
    for (const json& link : links)
        for (json address : link["addr_info"]) {
            address["ifname"] = link["ifname"];
            if (!is_automatic(address.value("local", ""), address)) result.push_back(address);
        }
    return result;
}

// With their addresses.
json links() {
    json result = list({"-d", "address"});
    for (json& link : result) {
        link["kind"] = link.value("/linkinfo/info_kind"_json_pointer, "");
        // The kernel takes notice of a carrier when it finds the time.
        json flags = json::array();
        for (const json& flag : link["flags"])
            if (flag != "LOWER_UP" && flag != "NO-CARRIER") flags.push_back(flag);
        link["flags"] = flags;
    }
    return result;
}

json both_families(const std::vector<std::string>& argv) {
    json result = json::array();
    for (const char* family : {"-4", "-6"}) {
        std::vector<std::string> words{family};
        words.insert(words.end(), argv.begin(), argv.end());
        for (const json& object : list(words)) result.push_back(object);
    }
    return result;
}

json routes() {
    json result = json::array();
    for (const json& route : both_families({"route", "show", "table", "all"}))
        if (!is_automatic(route.value("dst", ""), route)) result.push_back(route);
    return result;
}

// Those that links have by themselves are called "0:".
std::string queueing() {
    std::string result;
    const std::string all = output_of({"tc", "qdisc", "show"});
    for (const std::string_view line : split(all, '\n')) {
        if (line.empty() || line.find(" 0: dev ") != line.npos) continue;
        result += cat(line, "\n");
        if (line.starts_with("qdisc ingress") || line.starts_with("qdisc clsact"))
            result += output_of(
                {"tc", "filter", "show", "dev", std::string(split(line, ' ').at(4)), "ingress"});
    }
    return result;
}

// Without the lines that hold the time or packet counters.
std::string legacy_tables(const char* program, const char* names) {
    // Asking for a table that nobody uses would make it.
    try {
        if (read_file(names, 4096).value_or("").empty()) return {};
    } catch (const SysError& error) {
        if (error.error != EACCES) throw;
        return {};  // nor can the program tell, on the host of a rootless runtime
    }
    std::string result;
    const std::string saved = output_of({program});
    for (const std::string_view line : split(saved, '\n'))
        if (!line.empty() && line[0] != '#') result += cat(line.substr(0, line.find('[')), "\n");
    return result;
}

// A namespace that is mounted passes for a regular file, but cannot be read.
std::string content(const fs::directory_entry& entry) {
    struct statfs system {};
    const bool is_namespace =
        ::statfs(entry.path().c_str(), &system) == 0 && system.f_type == NSFS_MAGIC;
    if (is_namespace || !entry.is_regular_file()) return "(not a regular file)";
    return read_file(entry.path(), 1u << 20).value_or("");
}

std::map<std::string, std::string> files() {
    std::map<std::string, std::string> result;
    for (const char* root : {"/var/lib/cni", "/run"})
        for (const auto& entry : fs::recursive_directory_iterator(root))
            result[entry.path()] = content(entry);
    // There once a plugin was called, and nothing of an attachment in them.
    for (const char* path : {"/run/cnixx.lock", "/run/cnixx.nftables", "/run/cnixx.orphan"})
        result.erase(path);
    return result;
}

}  // namespace

Snapshot take_network_snapshot() {
    const json found = links();
    Snapshot snapshot;
    snapshot.links = lines(found, {"ifname", "kind", "flags", "master", "mtu", "promiscuity"});
    snapshot.addresses =
        lines(addresses(found), {"ifname", "family", "local", "prefixlen", "scope"});
    snapshot.routes =
        lines(routes(), {"type", "dst", "gateway", "dev", "table", "metric", "prefsrc"});
    snapshot.rules = lines(both_families({"rule"}), {"priority", "src", "dst", "iif", "table"});
    snapshot.queueing = queueing();
    return snapshot;
}

Snapshot take_snapshot() {
    Snapshot snapshot = take_network_snapshot();
    snapshot.nftables = output_of({"nft", "--stateless", "list", "ruleset"});
    snapshot.iptables = legacy_tables("iptables-legacy-save", "/proc/net/ip_tables_names") +
                        legacy_tables("ip6tables-legacy-save", "/proc/net/ip6_tables_names");
    snapshot.files = files();
    return snapshot;
}

void PrintTo(const Snapshot& snapshot, std::ostream* stream) {
    *stream << "links:\n"
            << snapshot.links << "\naddresses:\n"
            << snapshot.addresses << "\nroutes:\n"
            << snapshot.routes << "\nrules:\n"
            << snapshot.rules << "\nqueueing:\n"
            << snapshot.queueing << "\nnftables:\n"
            << snapshot.nftables << "\niptables:\n"
            << snapshot.iptables << "\nfiles:\n";
    for (const auto& [path, content] : snapshot.files) *stream << path << ": " << content << "\n";
}

}  // namespace cni::test
