#pragma once

/// When a socket of netfilter may be closed. The kernel does not close one, whatever it was used
/// for, before it has given up what was deleted from nf_tables last, by whomever, in that network
/// namespace: 4 to 16 ms after the deletion. It holds off all changes of nf_tables until then
/// (nft_rcv_nl_event(), net/netfilter/nf_tables_api.c). So sockets that are closed one after the
/// other while things are deleted let nobody get on; those that are closed at one time cost one
/// such pause.
namespace cni::nft {

/// Something was deleted just now: noted for all plugins of this machine, by the time of
/// /run/cnixx.nftables, an empty file.
void note_deletion() noexcept;

/// Whether a plugin has deleted something so short a time ago that to close a socket takes its
/// time.
bool closing_takes_time() noexcept;

/// Sleeps until a socket may be closed together with others, which is one of the moments that all
/// processes have in common: a tenth of a second at most, after the time that a deletion takes.
/// Touches no memory but its own stack: an orphan may call it (sys/orphan.h).
void await_common_closing() noexcept;

}  // namespace cni::nft
