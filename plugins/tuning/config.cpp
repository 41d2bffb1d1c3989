#include "config.h"

#include <set>

#include "cni/wished_mac.h"

namespace cni::tuning {
namespace {

std::string value_of(const Json& value) {
    std::string text = value.as_string();
    // The kernel takes nothing from an empty write and reports no error.
    if (trim(text).empty()) throw value.invalid("must not be empty");
    return text;
}

void require_no_duplicates(const Json& object) {
    std::set<std::string> seen;
    for (const auto& [key, value] : object.members())
        if (!seen.insert(key).second)
            throw ConfigError(value, "duplicated sysctl keys are not allowed", key);
}

// The last one of a parameter counts, however it is spelled: none of a lower source outlives it.
void put(std::vector<Sysctl>& sysctls, Sysctl sysctl) {
    std::erase_if(sysctls, [&](const Sysctl& s) { return s.name.parts == sysctl.name.parts; });
    sysctls.push_back(std::move(sysctl));
}

std::vector<Sysctl> parse_sysctls(const NetConf& conf, const std::string& ifname) {
    std::vector<Sysctl> sysctls;
    const auto put_all = [&](const Json& source) {
        for (const auto& [key, value] : source.members())
            put(sysctls, parse_sysctl(key, value, ifname));
    };
    if (const auto own = conf.json.find("sysctl")) {
        require_no_duplicates(*own);
        put_all(*own);
    }
    if (const auto more = conf.cni_args_config("sysctl")) put_all(*more);
    return sysctls;
}

// args.cni.<key>, or else the configuration's own.
std::optional<Json> pick(const NetConf& conf, std::string_view key) {
    if (auto from_args = conf.cni_args_config(key)) return from_args;
    return conf.json.find(key);
}

Attributes parse_attributes(const NetConf& conf, std::string_view cni_args) {
    Attributes wanted;
    wanted.mac = wished_mac(
        conf, cni_args,
        {MacSource::key, MacSource::cni_args, MacSource::runtime_config, MacSource::args_cni});
    // It cannot say "off": false has always meant "as it is".
    if (const auto v = pick(conf, "promisc"); v && v->as_bool()) wanted.promisc = true;
    if (const auto v = pick(conf, "mtu"))
        if (const auto mtu = static_cast<std::uint32_t>(v->as_int(0, INT32_MAX))) wanted.mtu = mtu;
    if (const auto v = pick(conf, "allmulti")) wanted.allmulti = v->as_bool();
    if (const auto v = pick(conf, "txQLen"))
        wanted.txqlen = static_cast<std::uint32_t>(v->as_int(0, INT32_MAX));
    return wanted;
}

Config parse(const NetConf& conf, const std::string& ifname, std::string_view cni_args) {
    Config config;
    config.sysctls = parse_sysctls(conf, ifname);
    config.wanted = parse_attributes(conf, cni_args);
    config.data_dir = data_dir_of(conf);
    return config;
}

}  // namespace

std::string data_dir_of(const NetConf& conf) {
    std::string dir = conf.json.string_or("dataDir", "");
    return dir.empty() ? "/run/cni/tuning" : dir;
}

Sysctl parse_sysctl(const std::string& key, const Json& value, const std::string& ifname) {
    return {parse_sysctl_name(key, ifname), value_of(value)};
}

Config parse_config(const NetConf& conf, const std::string& ifname) {
    return parse(conf, ifname, "");
}

Config parse_config(const Request& request) {
    return parse(request.conf, request.args.ifname, request.args.cni_args);
}

}  // namespace cni::tuning
