// Lease files and the index of them: neither may do anything but be refused or read.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/file.h"
#include "base/state_dir.h"
#include "ipam/host-local/lease.h"
#include "ipam/host-local/lease_index.h"
#include "scratch_dir.h"

namespace {

using cni::host_local::Holder;
using cni::host_local::IndexEntry;
using cni::host_local::lease_text;
using cni::host_local::LeaseIndex;

void read_lease(std::string_view content) {
    const auto holder = Holder::parse(content);
    const auto owner = holder ? holder->owner() : std::nullopt;
    if (!owner) return;
    const std::string text = owner->ifname.empty() ? owner->container_id : lease_text(*owner);
    if (text != holder->text) std::abort();
}

constexpr const char* name = "index";

void overwrite(const std::string& path, std::string_view content, off_t offset) {
    const cni::Fd file = cni::open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT, 0600, path);
    if (::pwrite(file.get(), content.data(), content.size(), offset) < 0) std::abort();
}

void use(LeaseIndex& index) {
    IndexEntry entry;
    entry.holder = 7;
    entry.set_ip(*cni::Ip::parse("10.1.2.3"));
    index.insert(entry);
    // What does not find its entries again must not be trusted later.
    const auto found = index.find(entry.holder);
    if ((!found || found->empty()) && index.seal(1, 1)) std::abort();
    for (const IndexEntry& each : index.entries().list) each.ip().to_string();
    index.erase(entry);
}

// A checksum guards the header, and no fuzzer guesses it: so once with the text as the file, and
// once with the text as the entries behind a sound header.
void read_index(std::string_view content) {
    static const cni::fuzz::ScratchDir scratch;
    static const cni::Fd dir = cni::open_state_dir(scratch.path(), cni::Holds::files, 0700);
    const auto try_with_content_at = [&](off_t offset) {
        overwrite(scratch.path_of(name), content, offset);
        if (auto index = LeaseIndex::open(dir.get(), name)) use(*index);
    };
    constexpr off_t first_page = 4096;
    IndexEntry entry;
    entry.set_ip(*cni::Ip::parse("10.1.2.4"));
    LeaseIndex::build(dir.get(), name, {}, {entry});
    try_with_content_at(first_page);
    try_with_content_at(0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_lease(text);
    read_index(text);
    return 0;
}
