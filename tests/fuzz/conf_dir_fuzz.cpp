// A configuration directory: up to four files, divided by NUL bytes. A network is found under its
// own name or the file at fault is named.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "runtime/conf_dir.h"
#include "scratch_dir.h"

namespace {

constexpr const char* names[] = {"10.conflist", "20.conf", "30.json", "net/10.conf"};

void fill(const cni::fuzz::ScratchDir& dir, std::string_view text) {
    const auto parts = cni::split(text, '\0');
    dir.make_dir("net");
    for (std::size_t i = 0; i < std::size(names); ++i) {
        if (i < parts.size() && !parts[i].empty())
            dir.write(names[i], parts[i]);
        else
            dir.remove(names[i]);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const cni::fuzz::ScratchDir dir;
    fill(dir, {reinterpret_cast<const char*>(data), size});
    try {
        const cni::NetworkList list = cni::load_network(dir.path(), "net");
        if (list.name != "net" || list.plugins.empty()) std::abort();
        for (const cni::PluginConf& plugin : list.plugins)
            if (plugin.type.empty()) std::abort();
    } catch (const cni::Error& error) {
        const std::string what = error.what();
        if (what.find(dir.path()) == what.npos) std::abort();
    }
    return 0;
}
