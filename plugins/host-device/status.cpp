#include "attach/rehearse.h"
#include "cni/delegate.h"
#include "commands.h"
#include "config.h"
#include "find_device.h"

namespace cni::host_device {
namespace {

std::optional<Error> problem_with(const Config& config) {
    Rtnl host;
    try {
        find_device(host, config);
    } catch (const Error& error) {
        return error;
    }
    return {};
}

}  // namespace

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Ipam(request).status();
    request.step("check links");
    // Only the runtime knows which device, and only at ADD.
    if (config.names_none()) return;
    if (const auto problem = problem_with(config))
        throw Error(Code::plugin_not_available, problem->msg, problem->details);
}

}  // namespace cni::host_device
