#pragma once

#include <optional>

#include "config.h"
#include "container/container.h"
#include "loan.h"

/// Which interface of a container is the host's. Names, aliases, addresses and indices are what the
/// container says; of what kind a link is, of which hardware, and which link of which namespace it
/// is on or at the other end of, is what the kernel says.
namespace cni::host_device {

/// Whether it is the device of the loan.
bool is_lent(Rtnl& host, Container& container, const Link& link, const Loan& loan);

/// The same of an interface of the host's own, for a device that came back.
bool is_returned(const Link& link, const Loan& loan);

/// For devices that were lent without a record: whether it is one that no container can make, and
/// its alias the name that the host can have it under.
bool is_of_host(Rtnl& host, Container& container, const Link& link,
                const std::optional<Config>& config);

}  // namespace cni::host_device
