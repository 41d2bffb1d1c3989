#include "base/undo.h"
#include "commands.h"
#include "container/chained.h"
#include "container/netns_lock.h"
#include "owned_rules.h"

namespace cni::sbr {

// Whatever the configuration says today. What the kernel refuses in there goes with the container.
void del(const Request& request) {
    request.step("put back");
    warn_if_refused([&] {
        const auto container = Container::find(request.args);
        if (!container) return;
        const NetnsLock lock(container->netns);
        const auto prev = request.conf.prev_result_if_readable().value_or(Result{});
        put_back(container->rtnl, container->find_interface(),
                 own_part(prev, request.args).addresses());
    });
}

}  // namespace cni::sbr
