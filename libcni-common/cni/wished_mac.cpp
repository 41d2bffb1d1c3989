#include "cni/wished_mac.h"

#include "cni/args.h"

namespace cni {
namespace {

constexpr std::string_view known_args[] = {"MAC"};

std::string text_of(const std::optional<Json>& value) {
    return value ? value->as_string() : std::string();
}

std::string text_in(MacSource source, const NetConf& conf, std::string_view cni_args) {
    switch (source) {
        case MacSource::key:
            return conf.json.string_or("mac", "");
        case MacSource::cni_args:
            return parse_cni_args(cni_args, known_args)["MAC"];
        case MacSource::cni_args_leniently:
            return parse_cni_args_leniently(cni_args)["MAC"];
        case MacSource::args_cni:
            return text_of(conf.cni_args_config("mac"));
        case MacSource::runtime_config:
            return text_of(conf.runtime_config("mac"));
    }
    return {};
}

}  // namespace

std::string wished_mac_text(const NetConf& conf, std::string_view cni_args,
                            std::initializer_list<MacSource> sources) {
    std::string wish;
    for (const MacSource source : sources)
        if (std::string text = text_in(source, conf, cni_args); !text.empty())
            wish = std::move(text);
    return wish;
}

std::optional<Mac> wished_mac(const NetConf& conf, std::string_view cni_args,
                              std::initializer_list<MacSource> sources) {
    const std::string text = wished_mac_text(conf, cni_args, sources);
    if (text.empty()) return {};
    return parse_interface_mac(text);
}

Mac parse_interface_mac(const std::string& text) {
    const auto mac = Mac::parse(text);
    if (!mac)
        throw Error(Code::invalid_config, cat("invalid args ", text, " for MAC addr: address ",
                                              text, ": invalid MAC address"));
    if (mac->is_multicast() || mac->is_zero())
        throw Error(Code::invalid_config,
                    cat("an interface cannot have the MAC address ", mac->to_string()),
                    "it is a multicast address or zero");
    return *mac;
}

}  // namespace cni
