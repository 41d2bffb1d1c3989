#include "machine.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>

#include "base/contains.h"
#include "hashes.h"
#include "sys/machine.h"

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

std::uint64_t hash_of(const std::string& id) {
    return id.empty() ? 0 : hash_of_id(id);
}

}  // namespace

std::uint64_t current_boot() {
    return hash_of(boot_id());
}

std::uint64_t this_machine() {
    return hash_of(machine_id());
}

bool is_on_network_file_system(int dir) {
    struct statfs status;
    if (::fstatfs(dir, &status) < 0) return true;
    const auto magic = static_cast<std::uint32_t>(status.f_type);
    return contains(network_file_systems, magic);
}

}  // namespace cni::host_local
