#pragma once

#include "plugins/host-local/fixture.h"

namespace cni::test {

/// host-local called for pods, and at other times.
template <typename Base>
class HostLocalPods : public Base {
protected:
    /// As a runtime of Kubernetes names a pod of namespace "ns".
    static PluginArgs pod(const std::string& id, const std::string& name,
                          const std::string& ifname = "eth0") {
        PluginArgs named = Base::args(id, ifname);
        named.args = cat("IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=", name,
                         ";K8S_POD_INFRA_CONTAINER_ID=", id);
        return named;
    }
    /// So many seconds later, as the clock of the machine's boot shows it, which nobody can set but
    /// in a namespace.
    PluginRun later(int seconds, const std::string& command, const PluginArgs& plugin_args) const {
        Program program = plugin_program("host-local", command, plugin_args, this->config_.dump());
        Strings argv = {"unshare", "--time", "--boottime", std::to_string(seconds)};
        argv.insert(argv.end(), program.argv.begin(), program.argv.end());
        program.argv = argv;
        return {test::run(program)};
    }
    /// Skips the test where the kernel has no such namespaces.
    static bool has_time_namespaces() {
        return test::run({.argv = {"unshare", "--time", "--boottime", "60", "true"}}).ok();
    }
};

using HostLocalPolicyTest = HostLocalPods<HostLocalTest>;
using HostLocalPolicyBoot = HostLocalPods<HostLocalBoot>;

}  // namespace cni::test
