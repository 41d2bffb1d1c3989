#include "container/chained.h"

namespace cni {

Result require_chained(const Request& request, std::string_view missing) {
    if (auto result = request.conf.prev_result()) return std::move(*result);
    throw Error(Code::invalid_config, std::string(missing),
                "put it behind an interface plugin in the list of plugins");
}

Result own_part(const Result& prev, const Args& args) {
    Result own = prev;
    std::erase_if(own.ips, [&](const IpConfig& ip) {
        if (!ip.interface) return false;
        const auto index = static_cast<std::size_t>(*ip.interface);
        return index < prev.interfaces.size() &&
               !is_container_interface(prev.interfaces[index], args);
    });
    return own;
}

}  // namespace cni
