#include "base/file.h"
#include "changed_subnet.h"
#include "cni/delegate.h"
#include "commands.h"
#include "compose.h"
#include "record.h"

namespace cni::flannel {
namespace {

/// Whatever `look` throws says that no ADD can succeed.
template <typename F>
auto available(F&& look) {
    try {
        return look();
    } catch (const Error& error) {
        throw Error(Code::plugin_not_available, error.msg, error.details);
    }
}

void require_writable(const std::string& dir) {
    if (const auto obstacle = obstacle_to_filling(dir))
        throw Error(Code::plugin_not_available,
                    cat("data directory is not writable: ", errno_text(obstacle->error)),
                    obstacle->path);
}

// Packets for those that live with an address of a subnet that was this node's go elsewhere.
void require_no_lost_subnets(const Request& request, const Config& config, const SubnetEnv& env) {
    const auto records =
        available([&] { return list_records(config.data_dir, request.conf.name); });
    for (const auto& [name, record] : records) {
        const std::string lost = lost_subnets(record, env);
        if (lost.empty() || !record.is_alive()) continue;
        throw Error(Code::limited_connectivity,
                    cat("container ", record.attachment.container_id, " has an address of ", lost,
                        ", and this node has ", subnets_text(env.subnets), " now"),
                    cat(config.subnet_file, " has changed since: make such containers anew"));
    }
}

}  // namespace

void status(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    const SubnetEnv env = available([&] { return read_subnet_env(config); });
    request.step("check records");
    require_writable(config.data_dir);
    require_no_lost_subnets(request, config, env);
    Delegate delegate(request, config.type);
    delegate.run("STATUS", text_for_call(compose(request.conf, config, env), request.conf));
}

}  // namespace cni::flannel
