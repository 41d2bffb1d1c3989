#include "origin.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"

namespace cni::tool {
namespace {

constexpr std::size_t largest_plugin = std::size_t{256} << 20;

// What the linker of Go puts into each executable.
constexpr std::string_view go_mark = "\xff Go buildinf:";

constexpr std::size_t piece = std::size_t{64} << 10;

}  // namespace

// By pieces, each behind the end of the one before: to touch memory for all of a plugin takes
// longer than to read it.
bool is_written_in_go(const std::string& path) {
    const auto file = find_at(AT_FDCWD, path.c_str(), O_RDONLY, path);
    if (!file) return false;
    std::string buffer(piece, 0);
    std::size_t kept = 0;
    for (std::size_t left = largest_plugin; left > 0;) {
        const auto n = static_cast<std::size_t>(
            checked(::read(file->get(), buffer.data() + kept, std::min(left, piece - kept)),
                    "read ", path));
        if (n == 0) return false;
        const std::string_view seen(buffer.data(), kept + n);
        if (seen.find(go_mark) != seen.npos) return true;
        kept = std::min(seen.size(), go_mark.size() - 1);
        std::copy(seen.end() - static_cast<std::ptrdiff_t>(kept), seen.end(), buffer.begin());
        left -= n;
    }
    throw Error(Code::io_failure, cat(path, " is larger than ", largest_plugin, " bytes"));
}

}  // namespace cni::tool
