#include "attach/removal.h"
#include "commands.h"
#include "config.h"
#include "loan.h"
#include "move.h"

namespace cni::host_device {
namespace {

std::optional<Config> config_if_readable(const NetConf& conf) {
    try {
        return parse_config(conf);
    } catch (const Error&) {
        return {};
    }
}

void take_back(const Request& request) {
    Rtnl host;
    if (const auto loan = find_loan(request)) {
        take_back(host, find_borrower(request.args, *loan).get(), *loan);
    } else if (const auto container = Container::find(request.args)) {
        take_back_by_alias(host, *container, config_if_readable(request.conf));
    }
    forget_loan(request.conf.name, request.attachment());
}

}  // namespace

void del(const Request& request) {
    request.step("prepare");
    Removal removal(request);
    removal.link_and_addresses([&] { take_back(request); });
    removal.finish();
}

}  // namespace cni::host_device
