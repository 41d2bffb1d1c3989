#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "attach/departure.h"
#include "base/undo.h"
#include "cni/delegate.h"
#include "cni/plugin.h"

namespace cni {

/// DEL of a plugin that gave the container an interface: steps that are all tried, whatever becomes
/// of the others. What ADD may have made is looked for in every place, whatever the configuration
/// says today.
class Removal {
public:
    /// `request` must outlive the object.
    explicit Removal(const Request& request);

    /// Of every back end: at once where "ipMasq" asks for it. Elsewhere there is seldom any, which
    /// is seen while the kernel takes the pair or the link away.
    void masquerading();
    /// The pair (see remove_veth_pair()), and what IPAM gave, as link_and_addresses() does.
    void pair_and_addresses();
    /// The attachment's link, of this kind, in the container, then what IPAM gave. What is somebody
    /// else's is left: see find_container_link().
    void link_and_addresses(std::string_view kind);
    /// The same of what `remove` takes away. When that fails, the addresses are kept, since an
    /// interface still bears them. An IPAM plugin that needs the link comes first.
    void link_and_addresses(const std::function<void()>& remove);

    /// What only this plugin made.
    template <typename F>
    void attempt(F&& body) {
        failures_.attempt(std::forward<F>(body));
    }

    /// The end. Throws what went wrong.
    void finish();

    /// prevResult; nullopt also when it cannot be read.
    const std::optional<Result> record;
    Rtnl& host() { return departure_.host(); }
    nft::Connection& nft() { return departure_.nft(); }

private:
    void remove_and_release(const std::function<void()>& remove);
    void remove_masquerading_if_due();
    const Request& request_;
    bool is_masquerading_due_ = false;
    Departure departure_;
    std::optional<Ipam> ipam_;
    Failures unreadable_;  ///< of the configuration of ipam_
    Failures failures_;
};

/// GC of the same plugins: what belongs to the network, and to no attachment that is valid.
class StaleRemoval {
public:
    explicit StaleRemoval(const Request& request);

    void masquerading();
    /// The IPAM plugin is told in any case.
    void pairs_and_addresses();
    /// The IPAM plugin is told.
    void addresses();

    /// What only this plugin made. `body` gets the valid attachments; it is left out when the
    /// runtime has not said which these are.
    template <typename F>
    void attempt(F&& body) {
        if (valid_) failures_.attempt([&] { body(*valid_); });
    }

    void finish() const { failures_.throw_if_any(); }

    Rtnl& host() { return departure_.host(); }
    nft::Connection& nft() { return departure_.nft(); }

private:
    const Request& request_;
    const std::optional<std::vector<AttachmentId>> valid_;
    Departure departure_;
    Failures failures_;
};

/// DEL of a plugin that makes a link in the container, of this kind, and nothing else.
void remove_link_and_addresses(const Request& request, std::string_view kind);
/// Its GC: links go with their containers.
void remove_stale_addresses(const Request& request);

}  // namespace cni
