#include "put_back.h"

#include <cerrno>

#include "base/passing.h"
#include "base/warn.h"
#include "container/container.h"
#include "sysctl_file.h"

namespace cni::tuning {
namespace {

void restore(const Backup::Parameter& parameter, Outcome& outcome) {
    const SysctlName name = name_of(parameter);
    try {
        if (const auto file = SysctlFile::find(name)) file->restore(parameter.value);
    } catch (const SysError& error) {
        if (SysctlFile::find_value(name) == parameter.value) return;  // it need not be written
        if (error.error != EINVAL && error.error != EROFS) throw;
        outcome.note(error);
    }
}

void restore_sysctls(const Backup& backup, Outcome& outcome) {
    for (auto p = backup.sysctls.rbegin(); p != backup.sysctls.rend(); ++p)
        outcome.attempt([&] { restore(*p, outcome); });
}

// By its index, where that is recorded: in the container its name is anyone's.
std::optional<Link> find_link(Container& container, const Place& place) {
    return place.ifindex != 0 ? container.rtnl.find(place.ifindex) : container.find_interface();
}

}  // namespace

void Outcome::note(const Error& error) {
    refused_ += cat(refused_.empty() ? "" : "; ", error.what());
}

void Outcome::report() const {
    if (!refused_.empty()) warn({"not put back: ", refused_});
    failures_.throw_if_any();
}

void Outcome::add(const SysError& error) {
    if (is_refusal(error.error))
        give_up(error);
    else
        failures_.add(error);
}

void Outcome::give_up(const Error& error) {
    note(error);
    complete_ = false;
}

void put_back(Netns netns, const std::string& ifname, Backup backup, Outcome& outcome) {
    Container container(std::move(netns), ifname);
    // Another container's by now.
    if (backup.place.is_known() && !backup.place.is_in(place_of(container, 0))) return;
    const auto link = find_link(container, backup.place);
    if (link) outcome.attempt([&] { apply(container.rtnl, *link, backup.attributes); });
    if (backup.place.is_known() && (!link || link->name != container.ifname))
        backup.forget_interface();
    container.run([&] { restore_sysctls(backup, outcome); });
}

}  // namespace cni::tuning
