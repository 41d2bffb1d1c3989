#include "sysctl_name.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "cni/args.h"

namespace cni::tuning {
namespace {

using Parts = std::vector<std::string>;

Parts split_without_empty(std::string_view text, char separator) {
    Parts parts;
    for (const auto part : split(text, separator))
        if (!part.empty()) parts.emplace_back(part);
    return parts;
}

// net, family, conf or neigh, interface, parameter: divided by `separator`, the other one may stand
// in the interface's name for its dots.
std::optional<Parts> split_around_interface(const std::string& written, char separator) {
    Parts parts = split_without_empty(written, separator);
    if (parts.size() != 5 || parts[0] != "net") return {};
    if (parts[2] != "conf" && parts[2] != "neigh") return {};
    const auto has_separator = [](const std::string& part) {
        return part.find_first_of("./") != part.npos;
    };
    std::ranges::replace(parts[3], '/', '.');
    const bool is_clear =
        is_ifname(parts[3]) && !has_separator(parts[1]) && !has_separator(parts[4]);
    return is_clear ? std::optional(parts) : std::nullopt;
}

Parts split_name(std::string written) {
    if (const auto parts = split_around_interface(written, '/')) return *parts;
    if (const auto parts = split_around_interface(written, '.')) return *parts;
    std::ranges::replace(written, '.', '/');
    return split_without_empty(written, '/');
}

void put_interface(Parts& parts, const std::string& ifname) {
    constexpr std::string_view placeholder = "IFNAME";
    for (std::string& part : parts)
        if (const auto at = part.find(placeholder); at != part.npos) {
            part.replace(at, placeholder.size(), ifname);
            return;
        }
}

}  // namespace

std::string SysctlName::file() const {
    return cat("/proc/sys/net/", join(parts, "/"));
}

SysctlName parse_sysctl_name(const std::string& written, const std::string& ifname) {
    Parts parts = split_name(written);
    SysctlName name{.written = written, .dotted_template = join(parts, ".")};
    put_interface(parts, ifname);
    name.dotted = join(parts, ".");
    if (parts.size() < 2 || parts[0] != "net")
        throw Error(
            Code::invalid_config, cat("invalid net sysctl key: ", quote(join(parts, "/"))),
            cat("only keys below \"net.\" belong to the container, ", quote(written), " does not"));
    parts.erase(parts.begin());
    name.parts = std::move(parts);
    return name;
}

}  // namespace cni::tuning
