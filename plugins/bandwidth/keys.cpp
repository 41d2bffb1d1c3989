#include <limits>

#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::bandwidth {
namespace {

// Text is told by the parser, with what to write instead.
constexpr Key keys[] = {
    {"ingressRate", any}, {"ingressBurst", any}, {"egressRate", any}, {"egressBurst", any}};

}  // namespace

constinit const PluginKeys known_keys{"bandwidth", about, keys, ask_parser<parse_config>};

}  // namespace cni::bandwidth
