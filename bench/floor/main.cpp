// The floor of cnixx-bench: what is left of a plugin when it does nothing but what its kernel work
// takes. It is the plugin that its file is named after.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "plugins.h"

namespace cni::floor {
namespace {

struct Plugin {
    std::string_view name;
    void (*add)(const Input&);
    void (*del)(const Input&);
};

constexpr Plugin plugins[] = {
    {"bridge", add_bridge, del_pair},
    {"host-local", add_host_local, del_host_local},
    {"loopback", add_loopback, del_loopback},
    {"portmap", add_portmap, del_portmap},
    {"ptp", add_ptp, del_pair},
    {"static", add_static, del_static},
    {"tuning", add_tuning, del_tuning},
};

void run(std::string_view name) {
    const char* const command = ::getenv("CNI_COMMAND");
    const bool is_add = command && std::string_view(command) == "ADD";
    for (const Plugin& plugin : plugins)
        if (plugin.name == name) return (is_add ? plugin.add : plugin.del)(read_input());
    fail("know a plugin", ENOENT);
}

}  // namespace
}  // namespace cni::floor

int main(int, char** argv) {
    ::alarm(30);  // nobody is to wait for ever for what does not come
    const char* const slash = ::strrchr(argv[0], '/');
    cni::floor::run(slash ? slash + 1 : argv[0]);
    ::_exit(0);
}
