#include "commands.h"

#include "base/undo.h"
#include "cni/delegate.h"
#include "config.h"
#include "container/chained.h"
#include "container/container.h"

namespace cni::sample {
namespace {

Result require_addresses(const Request& request) {
    Result result = require_chained(request);
    if (result.ips.empty()) throw Error(Code::invalid_config, "got no container IPs");
    return result;
}

}  // namespace

Result add(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    Result result = require_addresses(request);
    if (!config.label_interface) return result;
    Container container(request.args);
    const Link link = container.get_interface();

    Undo undo(request.steps);
    request.step("label");
    container.rtnl.apply(set_alias(link, config.label));
    undo.on_failure("take the label back",
                    [&container, link] { container.rtnl.apply(set_alias(link, link.alias)); });
    // Further steps, each followed by its undo, would stand here.
    undo.commit();
    return result;
}

void check(const Request& request) {
    request.step("prepare");
    const Config config = parse_config(request.conf);
    require_addresses(request);
    if (!config.label_interface) return;
    Container container(request.args);
    request.step("check links");
    const Link link = container.get_interface();
    if (link.alias != config.label)
        throw Error(Code::internal, cat("interface ", link.name, " is labelled ", quote(link.alias),
                                        " instead of ", quote(config.label)));
}

// Whatever the configuration says today. Without a namespace or an interface there is no label.
void del(const Request& request) {
    request.step("remove label");
    warn_if_refused([&] {
        const auto container = Container::find(request.args);
        const auto link = container ? container->find_interface() : std::nullopt;
        if (link && !link->alias.empty()) container->rtnl.apply(set_alias(*link, ""));
    });
}

void status(const Request& request) {
    request.step("prepare");
    parse_config(request.conf);
    Ipam(request).status();
}

}  // namespace cni::sample
