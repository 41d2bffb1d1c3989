#include "cni/config.h"

#include <algorithm>

#include "cni/args.h"
#include "cni/version.h"

namespace cni {
namespace {

constexpr std::string_view unmarshal = "error unmarshall network config";

std::string read_name(const Json& json) {
    const auto name = json.find("name");
    if (name && !name->is_string())
        throw Error(Code::decoding_failure,
                    cat(unmarshal, ": ", name->invalid("must be a string").msg));
    if (!name || name->as_string().empty())
        throw Error(Code::invalid_config, "missing network name",
                    "the configuration needs a \"name\"");
    if (!is_valid_identifier(name->as_string()))
        throw Error(Code::invalid_config, "invalid characters found in network name",
                    name->as_string());
    return name->as_string();
}

std::string versions_of(ResultFamily family) {
    std::string list;
    for (const auto version : supported_versions)
        if (family_of(version) == family) list += cat(list.empty() ? "" : " ", version);
    return list;
}

// The shape of a prevResult is that of the configuration: plugins of a list speak one version.
void require_family(const Json& prev_result, std::string_view config_version) {
    const auto own = prev_result.find("cniVersion");
    if (!own) return;
    const std::string version = own->as_string();
    const ResultFamily family = family_of(config_version);
    const bool fits = version.empty() ? family == ResultFamily::v0_1
                                      : is_supported(version) && family_of(version) == family;
    if (fits) return;
    throw Error(Code::invalid_config,
                cat("could not parse prevResult: result type supports [", versions_of(family),
                    "] but unmarshalled CNIVersion is ", quote(version)));
}

}  // namespace

NetConf NetConf::parse(std::string text) {
    NetConf conf;
    conf.json = Json::parse(text, unmarshal);
    if (!conf.json.is_object() && !conf.json.is_null())
        throw Error(Code::decoding_failure,
                    cat(unmarshal, ": must be a JSON object, not ", conf.json.kind()));
    conf.name = read_name(conf.json);
    if (const auto version = conf.json.find("cniVersion")) {
        if (!version->is_string())
            throw Error(Code::decoding_failure, cat("decoding version from network config: ",
                                                    version->invalid("must be a string").msg));
        conf.cni_version = version->as_string();
    }
    if (conf.cni_version.empty()) conf.cni_version = supported_versions.front();
    conf.text = std::move(text);
    return conf;
}

std::string NetConf::ipam_type() const {
    const auto ipam = json.find("ipam");
    return ipam ? ipam->require_object().string_or("type", "") : "";
}

std::uint32_t NetConf::mtu() const {
    constexpr int largest = 65535;
    return static_cast<std::uint32_t>(
        std::max<std::int64_t>(0, json.int_or("mtu", INT32_MIN, largest, 0)));
}

std::optional<Dns> NetConf::dns() const {
    const auto dns = json.find("dns");
    if (!dns) return {};
    Dns parsed = parse_dns(*dns);
    const bool has_list = dns->find("nameservers") || dns->find("search") || dns->find("options");
    if (!has_list && parsed.domain.empty()) return {};
    return parsed;
}

std::optional<Result> NetConf::prev_result() const {
    const auto prev = json.find("prevResult");
    if (!prev) return {};
    prev->require_object();
    require_family(*prev, cni_version);
    return Result::parse(*prev, cni_version);
}

Result NetConf::require_prev_result() const {
    if (auto result = prev_result()) return std::move(*result);
    throw Error(Code::invalid_config, "Required prevResult missing");
}

std::optional<Result> NetConf::prev_result_if_readable() const {
    try {
        return prev_result();
    } catch (const Error&) {
        return {};
    }
}

std::optional<std::vector<AttachmentId>> NetConf::valid_attachments() const {
    // find() takes null for absent; here null says that nothing is valid.
    const auto key = json.find_exact("cni.dev/valid-attachments");
    if (!key) return {};
    std::vector<AttachmentId> out;
    for (const Json& element : key->as_list()) {
        AttachmentId id{element.require_object().string_or("containerID", ""),
                        element.string_or("ifname", "")};
        // Leaving it out would have GC remove what a container still uses.
        if (id.container_id.empty() || id.ifname.empty())
            throw element.invalid("needs the keys \"containerID\" and \"ifname\"");
        out.push_back(std::move(id));
    }
    return out;
}

std::optional<Json> NetConf::runtime_config(std::string_view key) const {
    const auto runtime = json.find("runtimeConfig");
    return runtime ? runtime->require_object().find(key) : std::nullopt;
}

std::optional<Json> NetConf::cni_args_config(std::string_view key) const {
    const auto args = json.find("args");
    const auto cni = args ? args->require_object().find("cni") : std::nullopt;
    return cni ? cni->require_object().find(key) : std::nullopt;
}

}  // namespace cni
