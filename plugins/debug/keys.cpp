#include "config.h"
#include "runtime/validate/plugin_keys.h"
#include "runtime/validate/types.h"

namespace cni::debug {
namespace {

constexpr Key keys[] = {{"cniOutput", text},
                        {"addHooks", list_of(texts)},
                        {"delHooks", list_of(texts)},
                        {"checkHooks", list_of(texts)}};

}  // namespace

// The types are all that its parser asks for.
constinit const PluginKeys known_keys{"debug", about, keys};

}  // namespace cni::debug
