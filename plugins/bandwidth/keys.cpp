#include <limits>

#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::bandwidth {
namespace {

// Text is told by the parser, with what to write instead.
constexpr Type bits{
    .kind = Kind::parsed_integer, .min = 0, .max = std::numeric_limits<std::int64_t>::max()};
constexpr Key keys[] = {
    {"ingressRate", bits}, {"ingressBurst", bits}, {"egressRate", bits}, {"egressBurst", bits}};

}  // namespace

constinit const PluginKeys known_keys{"bandwidth", about, keys, ask_parser<parse_config>};

}  // namespace cni::bandwidth
