#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

constexpr Key keys[] = {{"cniOutput", text},
                        {"addHooks", list_of(texts)},
                        {"delHooks", list_of(texts)},
                        {"checkHooks", list_of(texts)}};
const PluginKeys known("debug", keys);

}  // namespace
}  // namespace cni
