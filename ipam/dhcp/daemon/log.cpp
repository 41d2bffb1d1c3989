#include "log.h"

#include <time.h>

#include "base/warn.h"

namespace cni::dhcp {

void log(std::string_view about, std::string_view what) {
    const time_t now = ::time(nullptr);
    tm local{};
    ::localtime_r(&now, &local);
    char stamp[32];
    const std::size_t size = ::strftime(stamp, sizeof stamp, "%Y/%m/%d %H:%M:%S ", &local);
    warn({std::string_view(stamp, size), about, about.empty() ? "" : ": ", what});
}

}  // namespace cni::dhcp
