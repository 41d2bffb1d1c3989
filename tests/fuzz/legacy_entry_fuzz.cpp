// A rule of a legacy table, as libiptc takes it out of what the kernel gave: read, written and read
// again it is the same. The first byte chooses the family and whether the target has a label.
#include "iptables/legacy_entry.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using cni::Family;

// The kernel has seen to it that the offsets lie within the entry, the target's head too.
template <typename Entry>
void sanitize(std::vector<std::uint8_t>& bytes) {
    constexpr std::size_t least = sizeof(Entry) + sizeof(xt_entry_target);
    if (bytes.size() < least) bytes.resize(least);
    auto* entry = reinterpret_cast<Entry*>(bytes.data());
    const std::size_t last = bytes.size() - sizeof(xt_entry_target);
    if (entry->target_offset < sizeof(Entry) || entry->target_offset > last)
        entry->target_offset = static_cast<std::uint16_t>(last);
    entry->next_offset = static_cast<std::uint16_t>(bytes.size());
}

template <typename Entry>
void read(std::vector<std::uint8_t> bytes, std::optional<std::string_view> label, Family family) {
    sanitize<Entry>(bytes);
    const auto rule = cni::ipt::from_entry(*reinterpret_cast<const Entry*>(bytes.data()), label);
    if (rule.foreign) return;
    const auto written = cni::ipt::to_entry(rule, family);
    // Lengths have 16 bits.
    if (written.size() > UINT16_MAX) return;
    const auto again = cni::ipt::from_entry(*reinterpret_cast<const Entry*>(written.data()), label);
    if (!(again == rule)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t longest = 4096;
    if (size == 0 || size > longest) return 0;
    const std::vector<std::uint8_t> bytes(data + 1, data + size);
    std::optional<std::string_view> label;
    if (data[0] & 2) label = "CNI-abc";
    if (data[0] & 1)
        read<ipt_entry>(bytes, label, Family::v4);
    else
        read<ip6t_entry>(bytes, label, Family::v6);
    return 0;
}
