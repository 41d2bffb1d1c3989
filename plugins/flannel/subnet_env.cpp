#include "subnet_env.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <map>

#include "base/await_path.h"
#include "base/contains.h"
#include "base/file.h"

namespace cni::flannel {
namespace {

constexpr std::size_t max_size = 1u << 16;
// Of a link, in bytes.
constexpr std::uint32_t largest_mtu = 65535;

constexpr std::string_view known_keys[] = {"FLANNEL_NETWORK",      "FLANNEL_SUBNET",
                                           "FLANNEL_IPV6_NETWORK", "FLANNEL_IPV6_SUBNET",
                                           "FLANNEL_MTU",          "FLANNEL_IPMASQ"};

using Values = std::map<std::string_view, std::string_view>;

Error useless(std::string problem, std::string details = {}) {
    return Error(Code::internal, std::move(problem), std::move(details));
}

Values parse_lines(std::string_view text) {
    Values values;
    for (const std::string_view line : split(text, '\n')) {
        const auto sign = line.find('=');
        const std::string_view key = line.substr(0, sign);
        if (!contains(known_keys, key)) continue;
        if (sign == line.npos) throw useless(cat(key, " has no value"));
        values[key] = line.substr(sign + 1);
    }
    return values;
}

void require_all(const Values& values, const std::string& what) {
    std::vector<std::string_view> missing;
    const auto require = [&](std::initializer_list<std::string_view> keys) {
        for (const std::string_view key : keys)
            if (values.contains(key)) return;
        missing.insert(missing.end(), keys);
    };
    require({"FLANNEL_NETWORK", "FLANNEL_IPV6_NETWORK"});
    require({"FLANNEL_SUBNET", "FLANNEL_IPV6_SUBNET"});
    require({"FLANNEL_MTU"});
    require({"FLANNEL_IPMASQ"});
    if (!missing.empty()) throw useless(cat(what, " is missing ", join(missing, ", ")));
}

Prefix parse_prefix(std::string_view key, std::string_view text) {
    const auto prefix = Prefix::parse(text);
    if (!prefix) throw useless(cat("invalid CIDR address: ", text), std::string(key));
    return prefix->network();
}

std::uint32_t parse_mtu(std::string_view text) {
    const auto mtu = parse_int<std::uint32_t>(text);
    if (!mtu || *mtu > largest_mtu)
        throw useless(
            cat("FLANNEL_MTU must be between 0 and ", largest_mtu, ", not ", quote(text)));
    return *mtu;
}

void read_networks(const Values& values, std::string_view key, std::vector<Prefix>& networks) {
    const auto found = values.find(key);
    if (found == values.end()) return;
    for (const std::string_view part : split(found->second, ',')) {
        const Prefix network = parse_prefix(key, part);
        if (!contains(networks, network)) networks.push_back(network);
    }
}

void read_subnet(const Values& values, std::string_view key, std::vector<Prefix>& subnets) {
    const auto found = values.find(key);
    if (found != values.end()) subnets.push_back(parse_prefix(key, found->second));
}

std::string read_regular(const std::string& path) {
    const Fd file = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK, 0, path);
    struct stat status {};
    checked(::fstat(file.get(), &status), "stat ", path);
    if (!S_ISREG(status.st_mode)) throw useless(cat(path, " is no regular file"));
    return read_all(file.get(), max_size, path);
}

Error explained(const Error& reason, const std::string& path) {
    return useless(cat("failed to load flannel 'subnet.env' file: ", reason.msg,
                       ". Check the flannel pod log for this node."),
                   cat(reason.details, reason.details.empty() ? "" : "; ",
                       "the flannel daemon writes ", path, " once it has a subnet for this node"));
}

}  // namespace

SubnetEnv SubnetEnv::parse(std::string_view text, const std::string& what) {
    const Values values = parse_lines(text);
    require_all(values, what);
    SubnetEnv env;
    for (const std::string_view key : {"FLANNEL_NETWORK", "FLANNEL_IPV6_NETWORK"})
        read_networks(values, key, env.networks);
    for (const std::string_view key : {"FLANNEL_SUBNET", "FLANNEL_IPV6_SUBNET"})
        read_subnet(values, key, env.subnets);
    env.mtu = parse_mtu(values.at("FLANNEL_MTU"));
    env.masquerades = values.at("FLANNEL_IPMASQ") == "true";
    return env;
}

SubnetEnv read_subnet_env(const Config& config) {
    try {
        return SubnetEnv::parse(read_regular(config.subnet_file), config.subnet_file);
    } catch (const Error& error) {
        throw explained(error, config.subnet_file);
    }
}

std::optional<SubnetEnv> find_subnet_env(const Config& config) {
    try {
        return read_subnet_env(config);
    } catch (const Error&) {
        return {};
    }
}

SubnetEnv await_subnet_env(const Config& config) {
    auto found = find_subnet_env(config);
    const auto is_there = [&] { return (found = find_subnet_env(config)).has_value(); };
    if (!found && config.patience.count() > 0)
        await_path(config.subnet_file, is_there, config.patience);
    return found ? *found : read_subnet_env(config);
}

}  // namespace cni::flannel
