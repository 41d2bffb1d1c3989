#include "ranges.h"

#include <algorithm>
#include <set>

#include "ipam/host-local/config.h"
#include "runtime/conf_dir.h"
#include "runtime/plugin_input.h"

namespace cni::tool {
namespace {

using Ranges = std::set<NetworkRange>;

std::vector<host_local::Stretch> available_of(const host_local::Config& config,
                                              const host_local::Range& range) {
    host_local::Policy policy = config.policy;
    policy.reserved.clear();  // somebody may have them
    return without({{range.start, range.end}}, withheld(config.sets, policy, {}));
}

// nullopt when it takes more than 64 bits.
std::optional<std::uint64_t> distance(const Ip& first, const Ip& last) {
    std::uint64_t from = 0, to = 0;
    for (std::size_t i = 0; i < first.size(); ++i) {
        const bool is_low = i + 8 >= first.size();
        if (!is_low && first.data()[i] != last.data()[i]) return {};
        if (!is_low) continue;
        from = from << 8 | first.data()[i];
        to = to << 8 | last.data()[i];
    }
    return to - from;
}

void add_config(Ranges& ranges, const host_local::Config& config) {
    for (const auto& set : config.sets)
        for (const auto& range : set.ranges())
            ranges.insert({.network = config.location.network,
                           .data_dir = config.location.data_dir,
                           .subnet = range.subnet,
                           .start = range.start,
                           .end = range.end,
                           .available = available_of(config, range)});
}

// Of the plugins whose addresses come from host-local.
void add_list(Ranges& ranges, const NetworkList& list, const Json& capability_args) {
    for (const PluginConf& plugin : list.plugins) try {
            const PluginInput input{
                .prev_result = {}, .capability_args = capability_args, .valid_attachments = {}};
            const NetConf conf = NetConf::parse(input.text(list, plugin));
            if (conf.ipam_type() == "host-local")
                add_config(ranges, host_local::parse_config(conf));
        } catch (const Error&) {
        }
}

std::vector<std::string> network_names(const std::string& dir) try {
    std::vector<std::string> names;
    for (const std::string& file : conf_files(dir, {".conflist", ".conf", ".json"})) try {
            const std::string text = read_conf(dir, file);
            const Json json = Json::parse(text, file);
            names.push_back(json.string_or("name", ""));
        } catch (const Error&) {
        }
    return names;
} catch (const Error&) {
    return {};
}

void add_configured(Ranges& ranges, const std::string& dir, const std::string& network) try {
    add_list(ranges, load_network(dir, network), {});
} catch (const Error&) {
}

void add_kept(Ranges& ranges, const KeptAttachment& kept) try {
    add_list(ranges, NetworkList::parse(kept.list), kept.conf.capability_args);
} catch (const Error&) {
}

}  // namespace

std::optional<std::uint64_t> NetworkRange::size() const {
    constexpr std::uint64_t limit = std::uint64_t{1} << 63;
    std::uint64_t sum = 0;
    for (const host_local::Stretch& stretch : available) {
        const auto count = distance(stretch.first, stretch.last);
        if (!count || *count >= limit - sum) return {};
        sum += *count + 1;
    }
    return sum;
}

LeasedAddresses::LeasedAddresses(const std::vector<JudgedLease>& leases) {
    for (const auto& [lease, state, proof] : leases)
        all_[{lease.network, lease.data_dir}].push_back(lease.ip);
    for (auto& [place, addresses] : all_) std::ranges::sort(addresses);
}

const std::vector<Ip>& LeasedAddresses::of(const std::string& network,
                                           const std::string& data_dir) const {
    static const std::vector<Ip> none;
    const auto found = all_.find({network, data_dir});
    return found == all_.end() ? none : found->second;
}

// What is available are stretches that do not overlap.
std::uint64_t NetworkRange::used(const LeasedAddresses& leases) const {
    const std::vector<Ip>& addresses = leases.of(network, data_dir);
    std::ptrdiff_t count = 0;
    for (const host_local::Stretch& stretch : available)
        count += std::ranges::upper_bound(addresses, stretch.last) -
                 std::ranges::lower_bound(addresses, stretch.first);
    return static_cast<std::uint64_t>(count);
}

std::vector<NetworkRange> known_ranges(const std::string& conf_dir, const NodeAttachments& node,
                                       std::string_view network) {
    Ranges ranges;
    for (const std::string& name : network_names(conf_dir))
        if (network.empty() || name == network) add_configured(ranges, conf_dir, name);
    // Thousands of attachments were made by the same list.
    std::set<std::pair<std::string, std::string>> seen;
    for (const NodeAttachment& attachment : node.list) {
        if (!attachment.kept || attachment.kept->list.empty()) continue;
        const KeptAttachment& kept = *attachment.kept;
        if (seen.emplace(kept.list, kept.conf.capability_args.dump()).second)
            add_kept(ranges, kept);
    }
    return {ranges.begin(), ranges.end()};
}

}  // namespace cni::tool
