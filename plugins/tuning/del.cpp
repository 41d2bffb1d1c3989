#include <cerrno>

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

/// What became of the steps of a DEL.
class Outcome {
public:
    /// A container must go, whatever the kernel or a driver says: what they refuse is no error. But
    /// what could not even be tried, for want of memory say, is one: DEL will be called again.
    template <typename F>
    void attempt(F&& step) {
        try {
            step();
        } catch (const SysError& error) {
            if (is_refusal(error.error))
                give_up(error);
            else
                failures_.add(error);
        } catch (const Error& error) {
            give_up(error);
        }
    }
    /// For what will be refused every time.
    void note(const Error& error) { refused_ += cat(refused_.empty() ? "" : "; ", error.what()); }
    /// Everything that was refused, in one line.
    void report() const {
        if (!refused_.empty()) warn({"not put back: ", refused_});
        failures_.throw_if_any();
    }
    /// Whether another DEL may have more success.
    bool is_complete() const { return complete_; }

private:
    void give_up(const Error& error) {
        note(error);
        complete_ = false;
    }
    std::string refused_;
    Failures failures_;
    bool complete_ = true;
};

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

void put_back(const Request& request, Netns netns, Backup backup, Outcome& outcome) {
    request.step("restore link");
    Container container(std::move(netns), request.args.ifname);
    // Another container's by now.
    if (backup.place.is_known() && !backup.place.is_in(place_of(container, 0))) return;
    const auto link = find_link(container, backup.place);
    if (link) outcome.attempt([&] { apply(container.rtnl, *link, backup.attributes); });
    if (backup.place.is_known() && (!link || link->name != container.ifname))
        backup.forget_interface();
    request.step("restore sysctls");
    container.run([&] { restore_sysctls(backup, outcome); });
}

// A garbled file is reported once: the next DEL is not to fail for it.
std::optional<Backup> load(const BackupFile& file) {
    try {
        return file.load();
    } catch (const SysError&) {
        throw;
    } catch (const Error&) {
        file.remove();
        throw;
    }
}

}  // namespace

// When something could not be put back, the file stays for the next DEL, or GC.
void del(const Request& request) {
    request.step("read backup");
    const BackupFile file(data_dir_of(request.conf), request.attachment());
    auto netns = Netns::find(request.args.netns);
    if (!netns) return file.remove();
    const auto backup = load(file);
    if (!backup) return file.remove();
    Outcome outcome;
    outcome.attempt([&] { put_back(request, std::move(*netns), *backup, outcome); });
    request.step("remove backup");
    outcome.report();
    if (outcome.is_complete()) file.remove();
}

}  // namespace cni::tuning
