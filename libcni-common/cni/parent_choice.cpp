#include "cni/parent_choice.h"

#include "cni/args.h"

namespace cni {

ParentChoice parse_parent(const Json& config) {
    ParentChoice choice{.name = config.string_or("master", ""),
                        .in_container = config.bool_or("linkInContainer", false)};
    if (!choice.name.empty() && !is_ifname(choice.name))
        throw ConfigError(*config.find("master"),
                          cat("invalid interface name ", quote(choice.name)),
                          "\"master\" needs 1 to 15 bytes without \"/\", \":\" or white space");
    return choice;
}

}  // namespace cni
