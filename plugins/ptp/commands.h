#pragma once

#include "cni/plugin.h"
#include "netfilter/owner.h"

namespace cni::ptp {

Result add(const Request& request);
void check(const Request& request);
void del(const Request& request);
void gc(const Request& request);
void status(const Request& request);

inline Owner owner_of(const Request& request) {
    return {request.conf.name, request.args.container_id, request.args.ifname};
}

}  // namespace cni::ptp
