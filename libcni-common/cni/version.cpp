#include "cni/version.h"

#include <algorithm>

#include "base/contains.h"
#include "base/error.h"

namespace cni {

std::optional<Version> Version::parse(std::string_view text) {
    const auto parts = split(text, '.');
    if (parts.size() > 3) return {};
    int numbers[3] = {};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto number = parse_int<int>(parts[i]);
        if (!number || *number < 0) return {};
        numbers[i] = *number;
    }
    return Version{numbers[0], numbers[1], numbers[2]};
}

bool is_supported(std::string_view version) {
    return contains(supported_versions, version);
}

ResultFamily family_of(std::string_view version) {
    if (version.empty() || version == "0.1.0" || version == "0.2.0") return ResultFamily::v0_1;
    return version[0] == '0' ? ResultFamily::v0_3 : ResultFamily::v1_0;
}

bool at_least(std::string_view version, std::string_view least) {
    return Version::parse(version.empty() ? "0.1.0" : version).value() >=
           Version::parse(least).value();
}

void require_supported(std::string_view version) {
    if (is_supported(version)) return;
    std::string list;
    for (const auto supported : supported_versions)
        list += cat(list.empty() ? "" : " ", quote(supported));
    throw Error(Code::incompatible_version, "incompatible CNI versions",
                cat("config is ", quote(version), ", plugin supports [", list, "]"));
}

void require_one_per_family(const std::vector<Family>& families, const std::string& version) {
    if (at_least(version, "0.3.0")) return;
    for (const Family family : both_families)
        if (std::ranges::count(families, family) > 1)
            throw Error(
                Code::invalid_config,
                cat("CNI version ", version, " does not support more than 1 address per family"));
}

}  // namespace cni
