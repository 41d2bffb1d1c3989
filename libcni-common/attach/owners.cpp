#include "attach/owners.h"

namespace cni {

Owner owner_of(const Request& request) {
    return {request.conf.name, request.args.container_id, request.args.ifname};
}

std::vector<Owner> owners_of(const std::string& network,
                             const std::vector<AttachmentId>& attachments) {
    std::vector<Owner> owners;
    for (const AttachmentId& a : attachments) owners.push_back({network, a.container_id, a.ifname});
    return owners;
}

}  // namespace cni
