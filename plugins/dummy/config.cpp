#include "config.h"

#include "cni/wished_mac.h"

namespace cni::dummy {
namespace {

Config parse(const NetConf& conf, std::string_view cni_args) {
    Config config;
    config.mtu = conf.mtu();
    // Nobody has had to say IgnoreUnknown for this plugin, which knew no keys of CNI_ARGS.
    config.mac = wished_mac(conf, cni_args,
                            {MacSource::key, MacSource::cni_args_leniently, MacSource::args_cni,
                             MacSource::runtime_config});
    if (conf.ipam_type().empty())
        throw Error(Code::invalid_config, "dummy interface requires an IPAM configuration",
                    "it needs \"ipam\" with a \"type\"");
    return config;
}

}  // namespace

Config parse_config(const NetConf& conf) {
    return parse(conf, "");
}

Config parse_config(const Request& request) {
    return parse(request.conf, request.args.cni_args);
}

}  // namespace cni::dummy
