#include "owner.h"

#include <algorithm>
#include <iterator>

#include "cni/wished_mac.h"

namespace cni::host_local {
namespace {

bool is_pod(std::string_view text) {
    const auto slash = text.find('/');
    return slash != text.npos && is_valid_identifier(text.substr(0, slash)) &&
           is_valid_identifier(text.substr(slash + 1));
}

ConfigError unfit(const Json& json, std::string_view wanted) {
    return ConfigError(json,
                       cat(quote(json.path()), " ", quote(json.as_string()), " is no ", wanted),
                       cat("key ", quote(json.path())));
}

std::string mac_of(const Json& json) {
    const auto mac = Mac::parse(json.as_string());
    if (!mac) throw unfit(json, "MAC address");
    return mac->to_string();
}

std::string word_of(OwnerKind kind) {
    return std::string(owner_kinds[static_cast<std::size_t>(kind)]);
}

std::optional<Owner> pod_of(std::string_view cni_args) {
    auto args = parse_cni_args_leniently(cni_args);
    const std::string name = cat(args["K8S_POD_NAMESPACE"], "/", args["K8S_POD_NAME"]);
    if (!is_pod(name)) return {};
    return Owner{OwnerKind::pod, name};
}

}  // namespace

OwnerKind parse_owner_kind(const Json& json) {
    const std::string text = json.as_string();
    const auto* const found = std::ranges::find(owner_kinds, text);
    if (found == std::end(owner_kinds))
        throw json.invalid(cat("must be one of ", join(owner_kinds, ", ")));
    return static_cast<OwnerKind>(found - owner_kinds);
}

Owner Owner::parse(OwnerKind kind, const Json& json) {
    const std::string name = json.as_string();
    if (kind == OwnerKind::mac) return {kind, mac_of(json)};
    if (kind == OwnerKind::pod && !is_pod(name))
        throw unfit(json, "pod, which is written NAMESPACE/NAME");
    if (kind == OwnerKind::container_id && !is_valid_identifier(name))
        throw unfit(json, "container id");
    return {kind, name};
}

std::string Owner::to_string() const {
    return cat(word_of(kind), " ", name);
}

std::optional<Owner> owner_of(const Request& request, OwnerKind kind) {
    if (kind == OwnerKind::pod) return pod_of(request.args.cni_args);
    if (kind == OwnerKind::container_id) return Owner{kind, request.args.container_id};
    const auto mac =
        wished_mac(request.conf, request.args.cni_args,
                   {MacSource::cni_args_leniently, MacSource::args_cni, MacSource::runtime_config});
    if (!mac) return {};
    return Owner{kind, mac->to_string()};
}

}  // namespace cni::host_local
