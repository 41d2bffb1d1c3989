#include "commands.h"
#include "config.h"
#include "container/container.h"
#include "sysctl_file.h"

namespace cni::tuning {
namespace {

void check_sysctl(const Sysctl& sysctl) {
    const SysctlFile file = SysctlFile::open(sysctl.name);
    if (!file.is_readable()) return;  // a command leaves nothing to look at
    const std::string actual = file.read().value_or("");
    if (!is_value(sysctl.value, actual))
        throw Error(Code::internal, cat("Error: Tuning configured value of ", file.path(), " is ",
                                        sysctl.value, ", current value is ", actual));
}

void check_result(const Result& result, const Request& request, const Link& link) {
    for (const Interface& interface : result.interfaces) {
        if (!is_container_interface(interface, request.args)) continue;
        const auto mac = Mac::parse(interface.mac);
        if (mac && *mac != link.mac)
            throw Error(Code::internal,
                        cat("interface ", link.name, " has MAC ", link.mac.to_string(),
                            " instead of ", mac->to_string(), " as prevResult says"));
    }
}

}  // namespace

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request);
    const Result result = request.conf.require_prev_result();
    Container container(request.args);
    request.step("check sysctls");
    container.run([&] {
        for (const Sysctl& sysctl : config.sysctls) check_sysctl(sysctl);
    });
    request.step("check links");
    const auto link = container.find_interface();
    if (!link) throw Error(Code::internal, cat("Cannot find container link ", request.args.ifname));
    require(*link, config.wanted);
    check_result(result, request, *link);
}

}  // namespace cni::tuning
