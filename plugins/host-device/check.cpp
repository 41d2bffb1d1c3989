#include "attach/check.h"

#include "attach/existing_attachment.h"
#include "commands.h"
#include "config.h"
#include "find_device.h"
#include "identity.h"

namespace cni::host_device {
namespace {

// Of one that the reference plugin has lent, only what an alias is worth.
void check_device(ExistingAttachment& attachment, const Link& link, const Config& config) {
    const auto loan = find_loan(attachment.request);
    if (loan ? is_lent(attachment.host, attachment.container, link, *loan)
             : is_of_host(attachment.host, attachment.container, link, config))
        return;
    const std::string name = loan ? loan->device.name : link.alias;
    throw check_failure(cat("interface ", link.name, " is not ", name.empty() ? "the device" : name,
                            " of the host"),
                        "the device that was lent is not in the container any more, or the "
                        "container has another one in its place");
}

}  // namespace

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    ExistingAttachment attachment(request);
    const Interface& recorded = recorded_interface(attachment.result, request.args);
    if (is_driven_by_program(config)) return;
    const Link link = attachment.check_interface();
    check_device(attachment, link, config);
    attachment.check_up(link);
    attachment.check_mtu(link, recorded.mtu);
    request.step("check addresses");
    check_addresses(attachment.container, link, attachment.own);
    check_routes(attachment.container, link, attachment.own);
}

}  // namespace cni::host_device
