#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cni/outlook.h"
#include "cni/parent_choice.h"
#include "container/container.h"
#include "netfilter/nft.h"
#include "netlink/link.h"
#include "rules/backend.h"

/// What interface plugins would do alike, for their inspect.h: nothing of it changes anything.
namespace cni {

/// The container, in which there must be no interface CNI_IFNAME yet, as for NewAttachment; null
/// when nobody has named one.
std::unique_ptr<Container> foresee_container(Outlook& outlook, std::string_view kind);
/// The same for a plugin that follows others: that interface is no matter.
std::unique_ptr<Container> find_container(const Outlook& outlook);

/// A veth pair. Returns the name of the host's end, of which `about` says more.
std::string foresee_pair(Outlook& outlook, Rtnl& host, std::string_view about, std::uint32_t mtu);

/// The interface that the container's is to be on, and that it is made there: "mode bridge". As
/// Parent finds it; nullopt when it lies in a container that nobody has named.
std::optional<Link> foresee_link_on(Outlook& outlook, Rtnl& host, Container* container,
                                    const ParentChoice& choice, std::uint32_t mtu,
                                    std::string_view kind, std::string_view about);

/// The interface of the container alone: it is made, then foresee_rest_of_link().
void foresee_link(Outlook& outlook, std::string_view kind, std::string_view about);
/// What NewAttachment::finish_with() does: addresses of the IPAM plugin, and the result.
void foresee_rest_of_link(Outlook& outlook, Result result);

/// The addresses and routes of a result on CNI_IFNAME in the container.
void foresee_addressing(Outlook& outlook, const Result& result);
void foresee_forwarding(Outlook& outlook, Family family);

/// Which one rules are made in, and why.
Backend foresee_backend(Outlook& outlook, nft::Connection& nft,
                        const std::optional<std::string>& configured);
void foresee_table(Outlook& outlook, nft::Connection& nft, const nft::Table& table,
                   std::string text);
/// "ipMasq" for the addresses of the result.
void foresee_masquerading(Outlook& outlook, nft::Connection& nft,
                          const std::optional<std::string>& configured, const Result& result);

/// The end of the attachment's pair on the host, as an earlier plugin would have made it; "" when
/// none would.
std::string foreseen_host_end(const Outlook& outlook);

}  // namespace cni
