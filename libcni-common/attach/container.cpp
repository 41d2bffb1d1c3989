#include "attach/container.h"

#include "cni/version.h"

namespace cni {

Netns open_container(const Args& args) {
    try {
        return Netns::open(args.netns);
    } catch (const Error& error) {
        throw Error(error.code, cat("failed to open netns ", quote(args.netns), ": ", error.msg),
                    error.details);
    }
}

Interface describe(const Link& link, const Request& request, const std::string& sandbox) {
    Interface interface;
    interface.name = link.name;
    interface.mac = link.mac.to_string();
    interface.sandbox = sandbox;
    if (at_least(request.conf.cni_version, "1.1.0")) interface.mtu = link.mtu;
    return interface;
}

}  // namespace cni
