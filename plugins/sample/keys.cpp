#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

constexpr Key keys[] = {{"anotherAwesomeArg", text, true}, {"myAwesomeFlag", flag}};
const PluginKeys known("sample", keys);

}  // namespace
}  // namespace cni
