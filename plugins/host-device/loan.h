#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cni/config.h"
#include "cni/plugin.h"
#include "container/place.h"
#include "netlink/link.h"

namespace cni::host_device {

/// What was lent to whom, and what it was on the host: from before it is moved until it is back.
///
/// The reference plugin leaves the name of the device in its alias and nothing else, and takes back
/// whatever bears an alias, under that name. But an alias is what the container says. With this,
/// which no container can reach, what comes back is what went, under its own name.
struct Loan {
    std::string network = {};
    AttachmentId attachment = {};
    std::string netns = {};  ///< path
    Place place = {};        ///< where it is in the container
    /// As it was on the host. Of its kind only the name, of its flags only IFF_UP is recorded.
    Link device = {};

    std::string print() const;
    /// `what` names the file. Throws Error(decoding_failure).
    static Loan parse(const std::string& text, const std::string& what);
};

/// The container that has the device: in CNI_NETNS, if that is still the namespace, or where the
/// record says. Null when neither is.
std::unique_ptr<Container> find_borrower(const Args& args, const Loan& loan);

/// The records of loans, in /run/cni/host-device: a file each, called after a hash.
void save_loan(const Loan& loan);
/// nullopt without one of this boot. One that is garbled is told on stderr, and counts as none.
std::optional<Loan> find_loan(const Request& request);
void forget_loan(const std::string& network, const AttachmentId& attachment);
/// Of the network, to none of these attachments.
std::vector<Loan> stale_loans(const std::string& network, const std::vector<AttachmentId>& valid);

}  // namespace cni::host_device
