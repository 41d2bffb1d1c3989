#include "base/warn.h"

#include <sys/uio.h>
#include <unistd.h>

#include <cstddef>

namespace cni {

void warn(std::string_view message) noexcept {
    warn(std::initializer_list<std::string_view>{message});
}

void warn(std::initializer_list<std::string_view> parts) noexcept {
    constexpr std::size_t most = 8;
    iovec pieces[most + 1];
    std::size_t count = 0;
    const auto put = [&](std::string_view text) {
        pieces[count++] = {const_cast<char*>(text.data()), text.size()};
    };
    for (const std::string_view part : parts)
        if (count < most) put(part);
    put("\n");
    // stderr may be closed: there is nobody left to tell.
    [[maybe_unused]] const auto written = ::writev(STDERR_FILENO, pieces, static_cast<int>(count));
}

}  // namespace cni
