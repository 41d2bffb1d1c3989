#pragma once

#include <string>

namespace cni {

/// Whose netfilter rules: one attachment of a network.
struct Owner {
    std::string network;
    std::string container_id;
    std::string ifname;
};

}  // namespace cni
