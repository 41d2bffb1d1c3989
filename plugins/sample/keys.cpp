#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::sample {
namespace {

constexpr Key keys[] = {{"anotherAwesomeArg", text, true}, {"myAwesomeFlag", flag}};

}  // namespace

constinit const PluginKeys known_keys{"sample", about, keys, ask_parser<parse_config>};

}  // namespace cni::sample
