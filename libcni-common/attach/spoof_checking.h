#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cni/config.h"
#include "cni/result.h"
#include "netfilter/nft.h"
#include "netfilter/owner.h"
#include "netlink/link.h"

/// "macspoofchk" of interface plugins: rules of netfilter/spoof_check.h, under a reference that
/// other attachments may have as well. Whose a check is its port tells: a host end of the
/// attachment (attach/host_link.h), or one that does not exist, so that it protects nobody.
namespace cni {

/// Replaces what an earlier ADD left. `port` is the attachment's host end, `mac` the container's.
/// Throws NlError; Error when other attachments have all references.
void add_spoof_checking(nft::Connection& nft, Rtnl& host, const Owner& owner,
                        const std::string& port, const Mac& mac);

/// Removes the owner's check; `result` is the prevResult, if there is one. False when there is a
/// check with a port that exists and is not known to be the owner's: it may be called again once
/// the owner's host end is gone.
bool remove_spoof_checking(nft::Connection& nft, Rtnl& host, const Owner& owner,
                           const std::optional<Result>& result);

/// Throws Error naming what is missing or differs.
void check_spoof_checking(nft::Connection& nft, const Owner& owner, const std::string& port,
                          const Mac& mac);

/// Removes the checks of ports that are the network's and none of the attachments', and those of
/// ports that do not exist.
void gc_spoof_checking(nft::Connection& nft, Rtnl& host, const std::string& network,
                       const std::vector<AttachmentId>& attachments);

}  // namespace cni
