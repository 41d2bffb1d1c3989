#include <string_view>

#include "config.h"
#include "daemon/daemon.h"
#include "plugin.h"

namespace cni::dhcp {
namespace {

std::optional<int> run_daemon_by_words(Words words) {
    if (words.empty() || std::string_view(words[0]) != "daemon") return {};
    return run_daemon({words.begin() + 1, words.end()});
}

}  // namespace

constinit const Plugin plugin{.name = "dhcp",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .run_by_words = run_daemon_by_words};

}  // namespace cni::dhcp
