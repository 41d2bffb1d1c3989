#include "changed_subnet.h"
#include "cni/delegate.h"
#include "commands.h"
#include "compose.h"
#include "record.h"

namespace cni::flannel {
namespace {

Record require_record(const Request& request, const Config& config) {
    auto [record, problem] = RecordFile(config.data_dir, request).load();
    if (problem) throw Error(*problem);
    if (record) return std::move(*record);
    throw Error(Code::internal,
                cat("no configuration of container ", request.args.container_id, ", interface ",
                    request.args.ifname, ", is saved in ", config.data_dir),
                "ADD saves it for DEL: make the container anew");
}

void require_same_subnets(const Record& record, const SubnetEnv& env, const Config& config) {
    const std::string lost = lost_subnets(record, env);
    if (!lost.empty())
        throw Error(Code::internal,
                    cat("the container has an address of ", lost, ", and this node has ",
                        subnets_text(env.subnets), " now"),
                    cat(config.subnet_file, " has changed since: make the container anew"));
}

}  // namespace

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    const SubnetEnv env = read_subnet_env(config);
    request.step("read record");
    const Record record = require_record(request, config);
    require_same_subnets(record, env, config);
    Delegate(request, record.type).run("CHECK", text_for_call(record.config, request.conf));
}

}  // namespace cni::flannel
