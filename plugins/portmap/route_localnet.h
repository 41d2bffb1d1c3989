#pragma once

#include <optional>
#include <vector>

#include "attach/peer.h"
#include "forwarding.h"
#include "rules/backend.h"

/// The host's 127.0.0.0/8: that the host reaches the container's ports through it, and that nobody
/// else does.
namespace cni::portmap {

/// ADD, ahead of the mappings: guards it (guard.h), where the rules of the backend are or, when the
/// kernel lacks that table, in nf_tables. False when it lacks both: then this is said on stderr.
bool guard_localnet(nft::Connection& nft, Backend backend, const Forwarding& forwarding,
                    const std::optional<HostSide>& side);

/// Lets the host's own packets leave through the interface with a source in 127.0.0.0/8.
void enable_route_localnet(const HostSide& side);

/// DEL: the way back of both. What is found by the attachment alone says which interface was its
/// own; one that it shares stays as it is, guarded. What the kernel does not let us put back is
/// said on stderr, once: the interface is about to go.
void release_localnet(nft::Connection& nft, const Owner& owner);

/// Does that for all attachments of the network but the valid ones, and for interfaces that are
/// gone.
void gc_localnet(nft::Connection& nft, const std::string& network, const std::vector<Owner>& valid);

/// Throws Error naming what of both is missing.
void check_localnet(nft::Connection& nft, Backend backend, const Forwarding& forwarding,
                    const std::optional<HostSide>& side);

}  // namespace cni::portmap
