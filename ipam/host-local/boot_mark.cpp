#include "boot_mark.h"

namespace cni::host_local {
namespace {

// The moments within 64 s: 2048 of boots for each of 31250000 of machines.
constexpr std::int64_t period = 64'000'000'000;
constexpr std::int64_t boots = 2048;
constexpr std::int64_t machines = period / boots;

std::int64_t remainder(std::uint64_t hash, std::int64_t of) {
    return static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(of));
}

}  // namespace

BootMark::BootMark(std::uint64_t machine, std::uint64_t boot) {
    if (machine != 0 && boot != 0)
        mark_ = remainder(machine, machines) * boots + remainder(boot, boots);
}

std::optional<std::int64_t> BootMark::mtime(std::int64_t now) const {
    if (mark_ < 0 || now < period) return {};
    const std::int64_t moment = now - now % period + mark_;
    return moment > now ? moment - period : moment;
}

BootMark::Boot BootMark::read(const FileStamp& stamp) const {
    // The kernel sets both times alike when a file is written. Ours was set back when it was made,
    // and what set one later was a change by somebody else.
    const std::int64_t set_back = stamp.changed - stamp.modified;
    constexpr std::int64_t longest = period + period / 64;
    if (mark_ < 0 || stamp.modified < 0 || set_back <= 0 || set_back > longest)
        return Boot::unknown;
    const std::int64_t mark = stamp.modified % period;
    if (mark / boots != mark_ / boots) return Boot::unknown;
    return mark == mark_ ? Boot::current : Boot::earlier;
}

}  // namespace cni::host_local
