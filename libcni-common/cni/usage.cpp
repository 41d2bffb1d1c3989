#include "cni/usage.h"

#include <unistd.h>

#include "base/contains.h"
#include "base/file.h"
#include "base/release.h"
#include "cni/version.h"

namespace cni {
namespace {

// Programs take the first line for the version of a reference plugin: some the whole rest of it,
// some its fourth word, some the first word of the text that is a version.
std::string version_lines(const Plugin& plugin) {
    return cat("CNI ", plugin.name, " plugin v", reference_release,
               "\nCNI protocol versions supported: ", join(supported_versions, ", "), "\ncnixx ",
               release, "\n");
}

std::string help(const Plugin& plugin) {
    return cat("\n", plugin.name, " ", plugin.about,
               ".\n\n"
               "Container runtimes run it, and other plugins. Its environment says what to do:\n"
               "  CNI_COMMAND      ADD, CHECK, DEL, GC, STATUS or VERSION\n"
               "  CNI_CONTAINERID  the container\n"
               "  CNI_NETNS        the path of its network namespace\n"
               "  CNI_IFNAME       its interface\n"
               "  CNI_PATH         directories of plugins, colon separated\n"
               "The network's configuration, a JSON object, comes on stdin.\n\n"
               "By hand: cnitool add NETWORK NETNS, and cnitool del; cnitool schema ",
               plugin.name, " tells its keys.\nDocumentation: docs/plugins/", plugin.name,
               ".md of cnixx; packages have it in /usr/share/doc/cnixx.\n");
}

// A program that asks for the version has its own end of something as stdin.
bool is_for_a_reader(Words words) {
    constexpr std::string_view asking[] = {"--help", "-h", "help"};
    if (words.empty()) return ::isatty(STDIN_FILENO) != 0;
    return contains(asking, std::string_view(words[0]));
}

}  // namespace

int print_usage(const Plugin& plugin, Words words) {
    std::string text = version_lines(plugin);
    if (is_for_a_reader(words)) text += help(plugin);
    write_all(STDERR_FILENO, text, "stderr");
    return 0;
}

}  // namespace cni
