#include "base/warn.h"
#include "cni/delegate.h"
#include "commands.h"
#include "compose.h"
#include "record.h"

namespace cni::flannel {
namespace {

/// Whom to call, with what.
struct Call {
    Delegate delegate;
    JsonObject config;
};

// What the record would say, as far as it can be known without.
Call recompute(const Request& request) {
    const Config config = parse_config(request.conf);
    return {Delegate(request, config.type), compose(request.conf, config, find_subnet_env(config))};
}

// No record tells that anything was made: what could not be added need not be deleted.
std::optional<Call> recompute_if_possible(const Request& request) {
    try {
        return recompute(request);
    } catch (const SysError&) {
        throw;
    } catch (const Error&) {
        return {};
    }
}

std::optional<Call> find_call(const Request& request, const RecordFile& file) {
    auto [record, problem] = file.load();
    if (record) return Call{Delegate(request, record->type), std::move(record->config)};
    if (!problem) return recompute_if_possible(request);
    warn(problem->what());
    return recompute(request);
}

}  // namespace

void del(const Request& request) {
    request.step("read record");
    const RecordFile file(data_dir_of(request.conf), request);
    if (auto call = find_call(request, file))
        call->delegate.run("DEL", text_for_call(call->config, request.conf));
    request.step("remove record");
    file.remove();
}

}  // namespace cni::flannel
