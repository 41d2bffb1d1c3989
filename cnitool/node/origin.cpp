#include "origin.h"

#include "base/file.h"

namespace cni::tool {
namespace {

constexpr std::size_t largest_plugin = std::size_t{256} << 20;

// What the linker of Go puts into each executable.
constexpr std::string_view go_mark = "\xff Go buildinf:";

}  // namespace

bool is_written_in_go(const std::string& path) {
    const auto content = read_file(path, largest_plugin);
    return content && content->find(go_mark) != content->npos;
}

}  // namespace cni::tool
