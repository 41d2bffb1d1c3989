#pragma once

#include "cni/result.h"
#include "container/container.h"

namespace cni {

/// Tells the neighbours of a container's interface, which is up, that the addresses of the result
/// are there: who had one of them before may have had another MAC. The interface stays as it is. To
/// be called when the addresses are usable, see await_addresses(). That they could not be told of
/// an address is said on stderr. Throws NlError.
void announce_addresses(Container& container, const Result& result);

}  // namespace cni
