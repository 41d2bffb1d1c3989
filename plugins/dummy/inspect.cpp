#include "inspect.h"

#include "attach/foreseen.h"
#include "config.h"

namespace cni::dummy {

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request);
    const auto container = foresee_container(outlook, Dummy::name);
    foresee_link(outlook, Dummy::name, config.mac ? cat("MAC ", config.mac->to_string()) : "");
    foresee_rest_of_link(outlook, outlook.foresee_ipam());
}

}  // namespace cni::dummy
