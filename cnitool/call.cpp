#include "call.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "base/hash.h"
#include "base/warn.h"
#include "runtime/conf_dir.h"

namespace cni::tool {
namespace {

std::string working_directory() {
    const std::unique_ptr<char, void (*)(void*)> path(::getcwd(nullptr, 0), ::free);
    if (!path) throw SysError("get the working directory", errno);
    return path.get();
}

void print_time(const PluginTime& run) {
    const auto microseconds =
        std::chrono::duration_cast<std::chrono::microseconds>(run.duration).count();
    const std::string fraction = std::to_string(1000 + microseconds % 1000).substr(1);
    warn(cat("time: ", run.type, " ", run.command, " ", microseconds / 1000, ".", fraction, " ms",
             run.succeeded ? "" : " (failed)"));
}

Json capability_args() {
    const std::string text = variable_or("CAP_ARGS", "");
    if (text.empty()) return {};
    Json args = Json::parse(text, "CAP_ARGS");
    if (!args.is_object() && !args.is_null())
        throw Error(Code::invalid_environment,
                    cat("CAP_ARGS must be a JSON object, not ", args.kind()));
    return args;
}

NetworkList find_network(const std::string& name) {
    try {
        return load_network(conf_dir(), name);
    } catch (const NoNetwork& error) {
        if (!variable_or("NETCONFPATH", "").empty()) throw;
        const std::string hint =
            "NETCONFPATH is not set: it names the directory of the configurations";
        throw Error(error.code, error.msg,
                    error.details.empty() ? hint : cat(hint, "; ", error.details));
    }
}

}  // namespace

std::string variable_or(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value && *value ? value : otherwise;
}

std::string conf_dir() {
    return variable_or("NETCONFPATH", "/etc/cni/net.d");
}

std::string container_id_of(std::string_view netns) {
    return cat("cnitool-", sha512_hex(netns).substr(0, 20));
}

std::string absolute_path(const std::string& path) {
    if (path.empty())
        throw Error(Code::invalid_netns, "the path of the network namespace is empty");
    const std::string whole = path[0] == '/' ? path : cat(working_directory(), "/", path);
    std::vector<std::string_view> kept;
    for (const auto part : split(whole, '/')) {
        if (part.empty() || part == ".") continue;
        if (part != "..")
            kept.push_back(part);
        else if (!kept.empty())
            kept.pop_back();
    }
    return cat("/", join(kept, "/"));
}

Runtime make_runtime(const CommandLine& line, const std::shared_ptr<std::size_t>& successes) {
    const bool tells_time = line.has(time_option.name);
    return Runtime({.plugin_path = variable_or("CNI_PATH", ""),
                    .on_run = [tells_time, successes](const PluginTime& run) {
                        if (successes && run.succeeded) ++*successes;
                        if (tells_time) print_time(run);
                    }});
}

Call Call::attachment(const CommandLine& line) {
    return attachment(line, line.operands()[1]);
}

Call Call::attachment(const CommandLine& line, const std::string& netns) {
    Call call = network(line);
    call.conf.capability_args = capability_args();
    call.conf.args = RuntimeConf::parse_args(variable_or("CNI_ARGS", ""));
    call.conf.ifname = line.last_or(ifname_option.name, variable_or("CNI_IFNAME", "eth0"));
    call.conf.netns = absolute_path(netns);
    call.conf.container_id = container_id_of(call.conf.netns);
    return call;
}

Call Call::network(const CommandLine& line) {
    const auto successes = std::make_shared<std::size_t>(0);
    return {find_network(line.operands()[0]), {}, make_runtime(line, successes), successes};
}

}  // namespace cni::tool
