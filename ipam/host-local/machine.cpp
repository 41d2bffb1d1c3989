#include "machine.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/passing.h"
#include "hashes.h"

namespace cni::host_local {
namespace {

// Of those linux/magic.h leaves out.
constexpr std::uint32_t cifs_magic = 0xff534d42;
constexpr std::uint32_t gfs2_magic = 0x01161970;
constexpr std::uint32_t lustre_magic = 0x0bd00bd0;
constexpr std::uint32_t gpfs_magic = 0x47504653;

constexpr std::uint32_t network_file_systems[] = {
    NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, SMB2_SUPER_MAGIC, cifs_magic,        CEPH_SUPER_MAGIC,
    AFS_SUPER_MAGIC, V9FS_MAGIC,      FUSE_SUPER_MAGIC, OCFS2_SUPER_MAGIC, gfs2_magic,
    lustre_magic,    gpfs_magic,      CODA_SUPER_MAGIC,
};

std::uint64_t hash_of_file(const char* path) {
    constexpr std::size_t shortest = 32;  // hexadecimal digits; boot ids have hyphens as well
    try {
        const auto text = read_file(path, 4096);
        const std::string_view id = text ? trim(*text) : std::string_view();
        return id.size() < shortest ? 0 : hash_of_id(id);
    } catch (const SysError& error) {
        // Taken for unknown it would be forgotten which leases are dead after the next boot.
        if (is_passing(error.error)) throw;
        return 0;
    } catch (const Error&) {
        return 0;
    }
}

}  // namespace

std::uint64_t current_boot() {
    return hash_of_file("/proc/sys/kernel/random/boot_id");
}

std::uint64_t this_machine() {
    return hash_of_file("/etc/machine-id");
}

bool is_on_network_file_system(int dir) {
    struct statfs status;
    if (::fstatfs(dir, &status) < 0) return true;
    const auto magic = static_cast<std::uint32_t>(status.f_type);
    return std::find(std::begin(network_file_systems), std::end(network_file_systems), magic) !=
           std::end(network_file_systems);
}

}  // namespace cni::host_local
