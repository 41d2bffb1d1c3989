#include "pod_cidrs.h"

#include "base/error.h"

namespace cni::tool {
namespace {

Prefix parse_one(std::string_view text, std::string_view what) {
    const auto prefix = Prefix::parse(text);
    if (!prefix)
        throw Error(Code::invalid_config, cat(what, " names ", quote(text), ", which is no CIDR"),
                    "as in 10.244.3.0/24 or 10.244.3.0/24,fd00:244:0:3::/64");
    return prefix->network();
}

}  // namespace

PodCidrs parse_pod_cidrs(std::string_view text, std::string_view what) {
    constexpr std::string_view between = ", \t\r\n";
    PodCidrs cidrs;
    for (;;) {
        const auto begin = text.find_first_not_of(between);
        if (begin == text.npos) return cidrs;
        text.remove_prefix(begin);
        const std::string_view word = text.substr(0, text.find_first_of(between));
        cidrs.push_back(parse_one(word, what));
        text.remove_prefix(word.size());
    }
}

PodCidrs pod_cidrs_of(const Json& node) {
    const auto spec = node.require_object().find_exact("spec");
    if (!spec) return {};
    PodCidrs cidrs;
    if (const auto all = spec->require_object().find_exact("podCIDRs"))
        for (const Json& one : all->as_list())
            cidrs.push_back(parse_one(one.as_string(), one.path()));
    if (const auto one = spec->find_exact("podCIDR"); one && cidrs.empty())
        cidrs = parse_pod_cidrs(one->as_string(), one->path());
    return cidrs;
}

}  // namespace cni::tool
