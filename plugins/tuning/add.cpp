#include "allowlist.h"
#include "backup.h"
#include "base/passing.h"
#include "base/undo.h"
#include "base/warn.h"
#include "commands.h"
#include "config.h"
#include "container/container.h"
#include "sysctl_file.h"

namespace cni::tuning {
namespace {

// A rootless runtime may not be able to read the list, which forbids nothing to who asks for none.
std::optional<Allowlist> load_allowlist(const Config& config) {
    try {
        return Allowlist::load();
    } catch (const SysError& error) {
        if (!config.sysctls.empty() || !is_refusal(error.error)) throw;
        return {};
    }
}

void require_allowed(const Config& config) {
    const auto allowlist = load_allowlist(config);
    if (!allowlist) return;
    for (const Sysctl& sysctl : config.sysctls) allowlist->require(sysctl.name);
}

/// A parameter to be set, and what it is before the first one is.
struct Change {
    SysctlName name;
    SysctlFile file;
    std::string value;
    std::optional<std::string> before = file.read();
};
using Changes = std::vector<Change>;

// All are opened before the first is set: a missing one must change nothing.
Changes open_changes(const Config& config) {
    Changes changes;
    for (const Sysctl& sysctl : config.sysctls)
        changes.push_back({sysctl.name, SysctlFile::open(sysctl.name), sysctl.value});
    return changes;
}

// A kernel without IPv6 has one of them only.
void open_notice(Changes& changes, const SysctlName& name) {
    try {
        if (auto file = SysctlFile::find(name)) changes.push_back({name, std::move(*file), "1"});
    } catch (const SysError& error) {
        if (!is_refusal(error.error)) throw;
        // /proc/sys may be read-only: neighbours learn of the MAC when they ask again.
        warn(cat("a new MAC is not announced: ", error.what()));
    }
}

// What makes the kernel tell the neighbours about a new MAC.
Changes open_announcement(const Config& config, const std::string& ifname) {
    Changes changes;
    if (!config.wanted.mac) return changes;
    for (const char* key : {"net/ipv4/conf/IFNAME/arp_notify", "net/ipv6/conf/IFNAME/ndisc_notify"})
        open_notice(changes, parse_sysctl_name(key, ifname));
    return changes;
}

// Parameters may be of the interface, but need not be.
Link find_link(Container& container, const Config& config) {
    if (config.wanted.any()) return container.get_interface();
    return config.sysctls.empty() ? Link{} : container.find_interface().value_or(Link{});
}

void record(Backup& backup, const Changes& changes) {
    for (const Change& change : changes)
        if (change.before) backup.add(change.name, *change.before);
}

void save(Undo& undo, const BackupFile& file, const Backup& now) {
    if (now.empty()) return;
    // An earlier ADD's: without a DEL between, what it found is the original state.
    const Backup earlier = file.load().value_or(Backup{}).still_true(now.place);
    Backup whole = earlier;
    whole.add(now);
    file.save(whole);
    undo.on_failure("take the backup back",
                    [file, earlier] { earlier.empty() ? file.remove() : file.save(earlier); });
}

void set(Undo& undo, const Change& change) {
    change.file.write(change.value);
    if (change.before)
        undo.on_failure(cat("put ", change.file.path(), " back"),
                        [&change] { change.file.restore(*change.before); });
}

void set_attributes(Undo& undo, Rtnl& rtnl, const Link& link, const Attributes& wanted) {
    // Some of them may be set when one fails.
    undo.on_failure(cat("put ", link.name, " back"),
                    [&rtnl, link, before = current(link, wanted)] { apply(rtnl, link, before); });
    apply(rtnl, link, wanted);
}

// The kernel announces a new MAC while the announcement's parameters are on.
void set_link(Undo& undo, Rtnl& rtnl, const Link& link, const Attributes& wanted,
              const Changes& announcement) {
    std::vector<std::string> quiet;
    for (const Change& change : announcement) {
        quiet.push_back(change.file.read().value_or("0"));
        set(undo, change);
    }
    set_attributes(undo, rtnl, link, wanted);
    for (std::size_t i = 0; i < quiet.size(); ++i) announcement[i].file.restore(quiet[i]);
}

void put_attributes(Result& result, const Request& request, const Attributes& wanted) {
    for (Interface& interface : result.interfaces) {
        if (!is_container_interface(interface, request.args)) continue;
        if (wanted.mac) interface.mac = wanted.mac->to_string();
        if (wanted.mtu) interface.mtu = *wanted.mtu;
    }
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    require_allowed(config);
    Result result = request.conf.require_prev_result();
    Container container(request.args);
    const Link link = find_link(container, config);

    request.step("read values");
    Changes changes, announcement;
    container.run([&] {
        changes = open_changes(config);
        announcement = open_announcement(config, request.args.ifname);
    });
    Backup now{.network = request.conf.name,
               .attachment = request.attachment(),
               .netns = request.args.netns,
               .attributes = current(link, config.wanted)};
    record(now, changes);
    record(now, announcement);
    if (!now.empty()) now.place = place_of(container, link.index);

    Undo undo(request.steps);
    request.step("save backup");
    save(undo, BackupFile(config.data_dir, request.attachment()), now);
    request.step("set sysctls");
    for (const Change& change : changes) set(undo, change);
    request.step("set link");
    if (config.wanted.any()) set_link(undo, container.rtnl, link, config.wanted, announcement);
    put_attributes(result, request, config.wanted);
    undo.commit();
    return result;
}

}  // namespace cni::tuning
