#include "container/container.h"

namespace cni {
namespace {

Netns open(const Args& args) {
    try {
        return Netns::open(args.netns);
    } catch (const Error& error) {
        throw Error(error.code, cat("failed to open netns ", quote(args.netns), ": ", error.msg),
                    error.details);
    }
}

}  // namespace

Container::Container(const Args& args) : Container(open(args), args.ifname) {}

Container::Container(Netns its_netns, std::string its_ifname)
    : netns(std::move(its_netns)), rtnl(Rtnl::in(netns)), ifname(std::move(its_ifname)) {}

Container::Container(Netns its_netns, std::string its_ifname, NetnsTour& tour)
    : netns(std::move(its_netns)),
      rtnl(tour.visit(netns, [] { return Rtnl(Rtnl::Use::lookups); })),
      ifname(std::move(its_ifname)) {}

std::unique_ptr<Container> Container::find(const Args& args) {
    auto netns = Netns::find(args.netns);
    return netns ? std::make_unique<Container>(std::move(*netns), args.ifname) : nullptr;
}

}  // namespace cni
