#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attach/departure.h"
#include "attach/parent.h"
#include "attach/veth_pair.h"
#include "base/undo.h"
#include "cni/delegate.h"
#include "cni/plugin.h"
#include "container/container.h"

namespace cni {

/// Throws Error(internal) when the container has an interface CNI_IFNAME already, where ADD would
/// make one of this kind.
void require_new_interface(Container& container, std::string_view kind);

/// ADD of a plugin that gives the container an interface. The plugin calls what such plugins do
/// alike as steps among its own, in its order; unless `finish` is reached, all that was made is
/// taken back, in the reverse order.
class NewAttachment {
    // Before what the way back works with: that is run first when the object goes.
    Departure departure_;
    // Its process is made before the container is opened.
    Ipam ipam_;

public:
    /// Opens the container, which is to get an interface of this kind. `request` must outlive the
    /// object. Throws what Container does; Error(internal) when there is an interface CNI_IFNAME
    /// already; Error(invalid_config) when "dns" is malformed.
    explicit NewAttachment(const Request& request, std::string_view kind = Veth::name);

    const Request& request;
    Container container;
    Rtnl host;

    /// Starts the IPAM plugin, which works while links are made; one that needs the link
    /// (Ipam::needs_link) is started by finish_ipam(). Without one, nothing is started: throws
    /// Error(invalid_config) when the version of the configuration cannot express a result without
    /// addresses.
    void start_ipam();
    /// Whether that plugin asks over the interface: what leads there is to be up before.
    bool ipam_needs_link() const { return ipam_.needs_link(); }
    /// Before something is touched that cannot be put back as it was: waits for the IPAM plugin, if
    /// it was started. Throws what finish_ipam() does.
    void await_ipam();
    /// Instead of that: what a plugin before this one in the list has decided.
    void take_over(Result given) { given_ = std::move(given); }
    /// What the IPAM plugin decided, at least one address; without one, an empty result, or what
    /// was taken over.
    Result finish_ipam();

    /// Makes a pair: see make_veth_pair(), attach/veth_pair.h.
    VethPair make_veth_pair(const VethPairOptions& options);

    /// Makes CNI_IFNAME in the container, in place, with an alias that says whose it is: `link` is
    /// without name, namespace and alias. `from` is a socket where its parent is, or the
    /// container's own for one that is on nothing. Throws NlError.
    Link make_link(Rtnl& from, NewLink link);

    /// The same of a link that `make` makes, which rtnetlink cannot: of this kind, in the
    /// container, called CNI_IFNAME. It throws SysError, of EEXIST when the name is taken.
    Link make_link(std::string_view kind, const std::function<void()>& make);

    /// What an errno means to who makes a link on `parent`, and what is to be done; "" when it says
    /// enough by itself.
    using Explain = std::function<std::string(int error, const Link& parent)>;
    /// The same on a parent. What the kernel refuses is told with the name of the parent, and with
    /// the explanation in the details.
    Link make_link(const Parent& parent, NewLink link, const Explain& explain);

    /// "ipMasq" for the addresses of the result: see add_masquerading().
    void masquerade(const std::optional<std::string>& backend, const Result& result);

    /// Opened when it is first asked for, and closed last: see Departure.
    nft::Connection& nft() { return departure_.nft(); }

    /// For what the plugin makes itself, as Undo::on_failure. What `action` refers to must outlive
    /// the object or be captured by value.
    void on_failure(std::string act, std::function<void()> action);

    /// The record of a link in the result: of one on the host, of one in the container.
    Interface on_host(const Link& link) const;
    Interface in_container(const Link& link) const;

    /// The container's link as it is now, if an IPAM plugin that needs it may have changed it.
    Link current(const Link& link);

    /// The end: nothing is taken back any more. The result gets the interfaces, and the "dns" of
    /// the configuration, if that says anything, instead of the IPAM plugin's.
    Result finish(Result result, std::vector<Interface> interfaces);
    /// The same for a link that lies in the container alone, once it is made: gives it the
    /// addresses and routes of the IPAM plugin, brings it up and announces it.
    Result finish_with(const Link& link);

private:
    void allocate();
    const std::optional<Dns> dns_;
    std::optional<Ipam::Allocation> allocation_;
    std::optional<Result> given_;  ///< once it is decided
    bool name_is_taken_ = false;   ///< by a link that somebody else has made meanwhile
    Undo undo_;
};

}  // namespace cni
