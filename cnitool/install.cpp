#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>

#include "base/error.h"
#include "base/file.h"
#include "base/warn.h"
#include "call.h"
#include "install/stay.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option plugin_option{'p', "plugin", "TYPE", "install this plugin alone; may be repeated"};
constexpr Option bin_dir_option{0, "bin-dir", "DIR", "of the plugins (default /opt/cni/bin)"};
constexpr Option conf_dir_option{0, "conf-dir", "DIR",
                                 "of configurations (default NETCONFPATH, /etc/cni/net.d)"};
constexpr Option conflist_option{0, "conflist", "FILE", "then put this network list there"};
constexpr Option pod_cidr_option{0, "pod-cidr", "CIDR,...",
                                 "what the node's pods get addresses of"};
constexpr Option pod_cidr_file_option{0, "pod-cidr-file", "FILE", "the same, in a file"};
constexpr Option api_socket_option{0, "api-socket", "PATH",
                                   "ask the API through this socket of kubectl proxy"};
constexpr Option node_option{0, "node", "NAME", "which node to ask for"};
constexpr Option newer_option{0, "replace-newer", "", "replace newer plugins as well"};
constexpr Option stay_option{0, "stay", "", "stay, and do it again when others replace them"};
constexpr Option check_option{0, "check", "", "only tell what is not in place"};
constexpr Option install_options[] = {plugin_option,     bin_dir_option,  conf_dir_option,
                                      conflist_option,   pod_cidr_option, pod_cidr_file_option,
                                      api_socket_option, node_option,     newer_option,
                                      stay_option,       check_option};
constexpr Option uninstall_options[] = {bin_dir_option, conf_dir_option};

// The plugins are beside this program, wherever that was unpacked. Without /proc it is where it was
// started from, which may be a link.
std::string own_folder() {
    std::array<char, PATH_MAX> path{};
    const auto size = ::readlink("/proc/self/exe", path.data(), path.size());
    if (size > 0) return parent_of(std::string(path.data(), static_cast<std::size_t>(size)));
    // NOLINTNEXTLINE(performance-no-int-to-ptr): getauxval(3) has all as numbers.
    const auto* started = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
    return parent_of(started ? started : "");
}

std::string bin_dir_of(const CommandLine& line) {
    return line.last_or(bin_dir_option.name, "/opt/cni/bin");
}

std::string conf_dir_of(const CommandLine& line) {
    return line.last_or(conf_dir_option.name, conf_dir());
}

InstallOptions options_of(const CommandLine& line) {
    return {.source = own_folder(),
            .only = line.all(plugin_option.name),
            .bin_dir = bin_dir_of(line),
            .conf_dir = conf_dir_of(line),
            .conflist = line.last_or(conflist_option.name, ""),
            .pod_cidr = line.last_or(pod_cidr_option.name, ""),
            .pod_cidr_file = line.last_or(pod_cidr_file_option.name, ""),
            .api_socket = line.last_or(api_socket_option.name, ""),
            .node = line.last_or(node_option.name, ""),
            .replaces_newer = line.has(newer_option.name)};
}

int run_check(const InstallOptions& options) {
    const auto problems = missing(options);
    for (const std::string& problem : problems) warn(problem);
    return problems.empty() ? 0 : 1;
}

int run_install(const CommandLine& line) {
    const InstallOptions options = options_of(line);
    if (line.has(check_option.name)) return run_check(options);
    if (line.has(stay_option.name)) install_and_stay(options);
    install(options);
    return 0;
}

int run_uninstall(const CommandLine& line) {
    uninstall(bin_dir_of(line), conf_dir_of(line));
    return 0;
}

}  // namespace

const Verb install_verb{
    .name = "install",
    .operands = "",
    .min_operands = 0,
    .max_operands = 0,
    .summary = "put the plugins beside this tool in their place",
    .help =
        "Puts the plugins that are in the folder of this tool, and the tool, into the folder of\n"
        "the host's plugins, and then a network list, when all that it names is there. What was\n"
        "there before is kept. Programs find the old file or the new one. Newer plugins are not\n"
        "replaced: then nothing is. In the list, host-local gets the podCIDR of the node where\n"
        "it has no addresses.\n",
    .example = "cnitool install --conflist /etc/cnixx/10-mynet.conflist",
    .options = install_options,
    .run = run_install,
};

const Verb uninstall_verb{
    .name = "uninstall",
    .operands = "",
    .min_operands = 0,
    .max_operands = 0,
    .summary = "put back what was there before install",
    .help =
        "Removes what install has put there, and puts back what was there before. What others\n"
        "have replaced since stays. May be repeated.\n",
    .example = "cnitool uninstall",
    .options = uninstall_options,
    .run = run_uninstall,
};

}  // namespace cni::tool
