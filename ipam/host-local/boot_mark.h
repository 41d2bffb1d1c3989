#pragma once

#include <cstdint>
#include <optional>

namespace cni::host_local {

constexpr std::int64_t ns_per_s = 1'000'000'000;

/// A lease file at one moment of its life: whoever replaces or rewrites it changes one of these.
/// Times in ns since the epoch.
struct FileStamp {
    std::uint64_t inode = 0;
    std::int64_t changed = 0;   ///< ctime
    std::int64_t modified = 0;  ///< mtime
};

/// By which a lease file itself tells in which boot of which machine this program made it, whatever
/// has become of the index: its mtime, set back by less than 64 s to a moment that stands for the
/// two. It holds until something writes the file, renames it or changes its attributes; and on file
/// systems that keep nanoseconds.
class BootMark {
public:
    /// None.
    BootMark() = default;
    /// Hashes as in machine.h; where one is 0 there is no mark.
    BootMark(std::uint64_t machine, std::uint64_t boot);

    /// The mtime of a lease made now.
    std::optional<std::int64_t> mtime(std::int64_t now) const;

    enum class Boot { unknown, current, earlier };
    /// `unknown` for every file that this program did not make on this machine.
    Boot read(const FileStamp& stamp) const;

private:
    std::int64_t mark_ = -1;
};

}  // namespace cni::host_local
