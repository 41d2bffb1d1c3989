#include "inspect.h"

#include "attach/foreseen.h"
#include "config.h"
#include "find_device.h"

namespace cni::host_device {

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf);
    Rtnl host;
    const auto container = foresee_container(outlook, "device");
    const Device device = find_device(host, config);
    const std::string& ifname = outlook.request.args.ifname;
    if (device.link)
        outlook.take("interface", device.link->name,
                     cat("from the host, as ", ifname, " into the container, until DEL"));
    else
        outlook.note(cat(device.pci_id, " is driven by a program: no interface is moved"));
    Result result = outlook.foresee_ipam();
    if (device.link) return foresee_rest_of_link(outlook, std::move(result));
    result.interfaces = {outlook.in_container()};
    outlook.result = std::move(result);
}

}  // namespace cni::host_device
