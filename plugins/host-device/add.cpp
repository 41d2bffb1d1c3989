#include "attach/new_attachment.h"
#include "commands.h"
#include "config.h"
#include "find_device.h"
#include "loan.h"
#include "move.h"

namespace cni::host_device {
namespace {

Link take(NewAttachment& attachment, const Link& device) {
    const Request& request = attachment.request;
    Container& container = attachment.container;
    request.step("move link");
    // It keeps its index where nobody has that.
    Loan loan{.network = request.conf.name,
              .attachment = request.attachment(),
              .netns = request.args.netns,
              .place = place_of(container, device.index),
              .device = device};
    attachment.on_failure("take the device back", [&attachment, loan] {
        take_back(attachment.host, &attachment.container, loan);
        forget_loan(loan.network, loan.attachment);
    });
    save_loan(loan);
    Link link = lend(attachment.host, container, device);
    if (link.index == loan.place.ifindex) return link;
    loan.place.ifindex = link.index;
    save_loan(loan);
    return link;
}

// A program drives it: there is no interface that could be moved or configured.
Result finish_without_link(NewAttachment& attachment, const Device& device) {
    Result result = attachment.finish_ipam();
    for (IpConfig& ip : result.ips) ip.interface = 0;
    return attachment.finish(std::move(result),
                             {attachment.in_container({.name = attachment.container.ifname,
                                                       .hardware = cat("pci/", device.pci_id)})});
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    NewAttachment attachment(request, "device");
    const Device device = find_device(attachment.host, config);
    attachment.start_ipam();
    if (!device.link) return finish_without_link(attachment, device);
    // A device that is moved loses its addresses and routes for good.
    attachment.await_ipam();
    return attachment.finish_with(take(attachment, *device.link));
}

}  // namespace cni::host_device
