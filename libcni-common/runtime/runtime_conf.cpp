#include "runtime/runtime_conf.h"

#include "cni/args.h"

namespace cni {

std::string RuntimeConf::args_text() const {
    std::string text;
    for (const auto& [key, value] : args) text += cat(text.empty() ? "" : ";", key, "=", value);
    return text;
}

std::vector<std::pair<std::string, std::string>> RuntimeConf::parse_args(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> args;
    if (text.empty()) return args;
    for (const auto item : split(text, ';')) {
        const auto parts = split(item, '=');
        if (parts.size() != 2 || parts[0].empty() || parts[1].empty())
            throw Error(Code::invalid_environment, cat("invalid CNI_ARGS pair ", quote(item)),
                        "CNI_ARGS must read K=V;K=V");
        args.emplace_back(parts[0], parts[1]);
    }
    return args;
}

VersionedResult VersionedResult::parse(const Json& json, std::string_view otherwise) {
    Result result = Result::parse(json, otherwise);
    std::string version = json.string_or("cniVersion", "");
    if (version.empty()) version = otherwise;
    return {std::move(result), std::move(version)};
}

void require_valid(std::string_view network, const RuntimeConf& conf) {
    if (conf.container_id.empty()) throw Error(Code::invalid_environment, "missing containerID");
    if (!is_valid_identifier(conf.container_id))
        throw Error(Code::invalid_environment, "invalid characters in containerID",
                    conf.container_id);
    if (network.empty()) throw Error(Code::invalid_config, "missing network name");
    if (!is_valid_identifier(network))
        throw Error(Code::invalid_config, "invalid characters found in network name",
                    std::string(network));
    if (conf.ifname.empty()) throw Error(Code::invalid_environment, "interface name is empty");
    require_valid_ifname(conf.ifname);
}

}  // namespace cni
