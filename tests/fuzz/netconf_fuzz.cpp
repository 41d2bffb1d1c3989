// Configuration files: no text makes reading or checking one fail in another way than by Error, a
// file without errors can be loaded, and what plugins get is JSON.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cnitool/plugins.h"
#include "runtime/plugin_input.h"
#include "runtime/validate/validate.h"

namespace {

bool loads(const std::string& text) {
    try {
        const auto list = cni::NetworkList::parse(text);
        for (const auto& plugin : list.plugins)
            cni::Json::parse(cni::PluginInput{}.text(list, plugin), "input of a plugin");
        return true;
    } catch (const cni::Error&) {
        return false;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    cni::Validator validator(cni::tool::known_plugins, "");
    validator.check_text("/nowhere/a.conflist", text);
    if (!loads(text) && !validator.has_errors()) std::abort();
    cni::Validator(cni::tool::known_plugins, "").check_text("/nowhere/a.conf", text);
    try {
        cni::NetworkList::wrap(text);
    } catch (const cni::Error&) {
    }
    return 0;
}
