#include "runtime/validate/plugin_keys.h"

namespace cni {
namespace {

const PluginKeys known("loopback", {});

}  // namespace
}  // namespace cni
