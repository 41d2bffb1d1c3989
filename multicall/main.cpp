// cni: all plugins and cnitool in one executable. Which of them it is the name says that it is
// called by, or its first word.
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "base/release.h"
#include "base/warn.h"
#include "cni/plugin.h"
#include "cnitool/tool.h"
#include "ipam/dhcp/plugin.h"
#include "ipam/host-local/host_local.h"
#include "ipam/static/static.h"
#include "plugins/bandwidth/commands.h"
#include "plugins/bridge/commands.h"
#include "plugins/debug/commands.h"
#include "plugins/dummy/commands.h"
#include "plugins/firewall/commands.h"
#include "plugins/flannel/commands.h"
#include "plugins/host-device/commands.h"
#include "plugins/ipvlan/commands.h"
#include "plugins/loopback/commands.h"
#include "plugins/macvlan/commands.h"
#include "plugins/portmap/commands.h"
#include "plugins/ptp/commands.h"
#include "plugins/sample/commands.h"
#include "plugins/sbr/commands.h"
#include "plugins/tap/commands.h"
#include "plugins/tuning/commands.h"
#include "plugins/vlan/commands.h"
#include "plugins/vrf/commands.h"

namespace cni::multicall {
namespace {

struct Program {
    std::string_view name;  // here, so that the tables of the others stay on pages nobody reads
    const Plugin* plugin;   // null: cnitool
};
constexpr Program programs[] = {
    {"bandwidth", &bandwidth::plugin},
    {"bridge", &bridge::plugin},
    {"cnitool", nullptr},
    {"debug", &debug::plugin},
    {"dhcp", &dhcp::plugin},
    {"dummy", &dummy::plugin},
    {"firewall", &firewall::plugin},
    {"flannel", &flannel::plugin},
    {"host-device", &host_device::plugin},
    {"host-local", &host_local::plugin},
    {"ipvlan", &ipvlan::plugin},
    {"loopback", &loopback::plugin},
    {"macvlan", &macvlan::plugin},
    {"portmap", &portmap::plugin},
    {"ptp", &ptp::plugin},
    {"sample", &sample::plugin},
    {"sbr", &sbr::plugin},
    {"static", &static_ipam::plugin},
    {"tap", &tap::plugin},
    {"tuning", &tuning::plugin},
    {"vlan", &vlan::plugin},
    {"vrf", &vrf::plugin},
};

// "buildkit-cni-bridge" is bridge: others install plugins under names that say whose they are. The
// longest counts.
bool is_name_of(std::string_view name, const Program& program) {
    if (!name.ends_with(program.name)) return false;
    name.remove_suffix(program.name.size());
    return name.empty() || name.ends_with('-');
}

const Program* find_by_file(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    const Program* best = nullptr;
    for (const Program& program : programs)
        if (is_name_of(name, program) && (!best || best->name.size() < program.name.size()))
            best = &program;
    return best;
}

const Program* find_by_word(std::string_view word) {
    for (const Program& program : programs)
        if (program.name == word) return &program;
    return nullptr;
}

int run(const Program& program, int count, char* const* words) {
    if (!program.plugin) return tool::run(count, words);
    return cni::run(*program.plugin, count, words);
}

[[noreturn]] void refuse(const Request&) {
    throw Error(Code::invalid_config, "\"cni\" is no plugin, but all of them in one executable",
                "the configuration must name one of them, and CNI_PATH have a link of its name to "
                "cni");
}

// A runtime calls it by its own name.
constexpr Plugin nobody{.name = "cni",
                        .about = "is all plugins in one executable",
                        .add = [](const Request& request) -> Result { refuse(request); },
                        .check = refuse,
                        .del = refuse,
                        .gc = refuse,
                        .status = refuse};

std::string list() {
    std::string names;
    for (const Program& program : programs) names += cat(program.name, "\n");
    return names;
}

std::string usage() {
    return cat(
        "cni ", release, ", as the reference plugins ", reference_release,
        ": all plugins and cnitool in one executable\n\n"
        "  NAME [WORD...]      by a link to it that is called as a plugin is, or PREFIX-NAME\n"
        "  cni NAME [WORD...]  the same without a link\n"
        "  cni --list          prints the names, a line each\n");
}

int print(int fd, const std::string& text, int status) {
    write_all(fd, text, "the output");
    return status;
}

int run_by_word(std::string_view word) {
    if (word == "--list") return print(STDOUT_FILENO, list(), 0);
    if (word == "--help" || word == "-h" || word == "help" || word == "--version")
        return print(STDOUT_FILENO, usage(), 0);
    if (word.empty()) return print(STDERR_FILENO, usage(), 1);
    return print(STDERR_FILENO,
                 cat("cni: there is no ", quote(word), " in it\ncni --list prints what there is\n"),
                 1);
}

int run(int count, char** words) {
    if (const Program* program = count > 0 ? find_by_file(words[0]) : nullptr)
        return run(*program, count, words);
    const std::string_view word = count > 1 ? words[1] : "";
    if (const Program* program = find_by_word(word)) return run(*program, count - 1, words + 1);
    if (word.empty() && ::getenv("CNI_COMMAND")) return cni::run(nobody, count, words);
    return run_by_word(word);
}

}  // namespace
}  // namespace cni::multicall

int main(int count, char** words) {
    try {
        return cni::multicall::run(count, words);
    } catch (...) {
        cni::warn(cni::current_error_text());
        return 1;
    }
}
