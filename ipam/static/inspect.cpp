#include "inspect.h"

#include "static.h"

namespace cni::static_ipam {

void foresee(Outlook& outlook) {
    outlook.result = add(outlook.request);
    for (const IpConfig& ip : outlook.result.ips)
        outlook.take("address", ip.address.to_string(), "as the configuration says");
}

}  // namespace cni::static_ipam
