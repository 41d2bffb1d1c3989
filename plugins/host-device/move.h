#pragma once

#include <optional>

#include "config.h"
#include "container/container.h"
#include "loan.h"

/// The way of a device into a container and back. Each is one request to the kernel, so that it is
/// here or there, whatever happens to this process.
namespace cni::host_device {

/// Moves the device into the container, as CNI_IFNAME and with its name as alias, as the reference
/// plugin does. Throws NlError.
Link lend(Rtnl& host, Container& container, const Link& device);

/// Takes the device of a loan back: from the container, which may be null; from the host, if the
/// kernel has returned it when the namespace died. It gets its name, alias, MTU and MAC again, and
/// is up if it was. Succeeds when it is nowhere: it was unplugged, or went with the namespace.
/// Throws Error when its name is taken, or when an interface says that it is the one, and nothing
/// proves it.
void take_back(Rtnl& host, Container* container, const Loan& loan);

/// The same without a record, of which the reference plugin leaves none: what was lent is what no
/// container can make (identity.h), and its alias says the name. `config` is what names the device,
/// if it can be read.
void take_back_by_alias(Rtnl& host, Container& container, const std::optional<Config>& config);

}  // namespace cni::host_device
