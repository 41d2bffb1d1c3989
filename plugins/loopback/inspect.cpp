#include "inspect.h"

namespace cni::loopback {

void foresee(Outlook& outlook) {
    outlook.set("interface", "lo", "up, in the container");
    if (outlook.request.conf.prev_result()) return;
    Interface lo = outlook.in_container();
    lo.name = "lo";
    outlook.result.interfaces = {lo};
    outlook.result.ips = {
        {.address = *Prefix::parse("127.0.0.1/8"), .gateway = {}, .interface = 0}};
}

}  // namespace cni::loopback
