#include "inspect.h"

#include "compose.h"
#include "config.h"
#include "subnet_env.h"

namespace cni::flannel {

void foresee(Outlook& outlook) {
    const Config config = parse_config(outlook.request.conf);
    const SubnetEnv env = read_subnet_env(config);
    for (const Prefix& subnet : env.subnets)
        outlook.use("subnet", subnet.to_string(), cat("of this node, by ", config.subnet_file));
    outlook.note(cat("what the delegate gets is kept in ", config.data_dir, " for DEL"));
    outlook.foresee_delegate(config.type,
                             NetConf::parse(compose(outlook.request.conf, config, env).text()));
}

}  // namespace cni::flannel
