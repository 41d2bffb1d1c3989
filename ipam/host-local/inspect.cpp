#include "inspect.h"

#include <fcntl.h>

#include <algorithm>

#include "allocator.h"
#include "base/file.h"
#include "base/state_dir.h"
#include "cni/args.h"
#include "lease_store.h"
#include "machine.h"
#include "resolv_conf.h"

namespace cni::host_local {
namespace {

LeaseView::Boot boot_of(const FileStamp& stamp, const BootMark& mark) {
    switch (mark.read(stamp)) {
        case BootMark::Boot::current:
            return LeaseView::Boot::current;
        case BootMark::Boot::earlier:
            return LeaseView::Boot::earlier;
        case BootMark::Boot::unknown:
            break;
    }
    return LeaseView::Boot::unknown;
}

// nullopt for a file without a holder: its address is free.
std::optional<LeaseView> view_of(const Location& location, const Ip& ip, const LeaseFile& file,
                                 const BootMark& mark) {
    const auto holder = file.content ? Holder::parse(*file.content) : std::nullopt;
    if (file.content && !holder) return {};
    return LeaseView{.path = cat(location.path(), "/", ip.to_string()),
                     .data_dir = location.data_dir,
                     .network = location.network,
                     .ip = ip,
                     .owner = holder ? holder->owner() : std::nullopt,
                     .since = file.stamp.changed / ns_per_s,
                     .boot = boot_of(file.stamp, mark)};
}

std::string reason_of(const Config& config) {
    if (!config.requested.empty()) return "asked for, or the next that is free";
    return cat("the next that is free, strategy ",
               strategies[static_cast<std::size_t>(config.policy.strategy)]);
}

}  // namespace

std::vector<LeaseView> list_leases(const Location& location) {
    std::vector<LeaseView> leases;
    const auto dir = LeaseDir::find(location);
    if (!dir) return leases;
    const BootMark mark(this_machine(), current_boot());
    for (const Ip& ip : dir->addresses()) {
        const auto file = dir->load(ip);
        auto lease = file ? view_of(location, ip, *file, mark) : std::nullopt;
        if (lease) leases.push_back(*std::move(lease));
    }
    std::ranges::sort(leases, {}, &LeaseView::ip);
    return leases;
}

std::vector<std::string> list_networks(const std::string& data_dir) {
    auto dir = find_state_dir(data_dir, Holds::directories);
    if (!dir) return {};
    std::vector<std::string> networks = list_dir(std::move(*dir), data_dir);
    std::erase_if(networks, [&](const std::string& name) {
        return !is_valid_identifier(name) || !find_at(AT_FDCWD, cat(data_dir, "/", name).c_str(),
                                                      O_PATH | O_DIRECTORY | O_NOFOLLOW, name);
    });
    return networks;
}

void foresee(Outlook& outlook) {
    const Request& request = outlook.request;
    const Config config = parse_config(request);
    outlook.result.routes = config.routes;
    outlook.result.dns = read_resolv_conf(config.resolv_conf);
    LeaseStore store(LeaseDir::find_or_empty(config.location), Rehearsal{});
    outlook.result.ips = allocate(store, config, request.attachment());
    outlook.use("directory", config.location.path(), "of the leases");
    for (std::size_t i = 0; i < outlook.result.ips.size(); ++i)
        outlook.take("address", outlook.result.ips[i].address.to_string(),
                     cat("of ", config.sets[i].to_string(), ": ", reason_of(config)));
    if (config.policy.strategy == Strategy::random)
        outlook.note("strategy random: ADD may draw another address");
}

bool release(const LeaseView& lease) {
    auto dir = LeaseDir::find({lease.data_dir, lease.network});
    if (!dir) return false;
    LeaseStore store(std::move(*dir));
    const auto content = store.dir().read(lease.ip);
    const auto holder = content ? Holder::parse(*content) : std::nullopt;
    if (!holder || holder->owner() != lease.owner) return false;
    store.release({lease.ip, holder->text});
    return true;
}

}  // namespace cni::host_local
