#include "occupancy.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace cni::host_local {

int Occupancy::place_of(const Ip& ip, int level) {
    const std::uint8_t* const end = ip.data() + ip.size();
    return (end[-2] << 8 | end[-1]) >> bits_of_a_level * level & (places - 1);
}

Occupancy::Block Occupancy::block_of(const Ip& ip, int level) {
    return {.base = ip.masked(ip.bits() - bits_of_a_level * (level + 1)), .level = level};
}

Ip Occupancy::Block::last() const {
    return base.filled(base.bits() - bits_of_a_level * (level + 1));
}

void Occupancy::Block::set(int place, Place to) {
    const std::uint64_t bit = std::uint64_t{1} << place % 64;
    std::uint64_t& word = bits[static_cast<std::size_t>(place / 64)];
    word = to == Place::taken ? word | bit : word & ~bit;
}

int Occupancy::Block::next_free(int place) const {
    if (place < 64) {
        const int taken = std::countr_one(bits[0] | ((std::uint64_t{1} << place) - 1));
        if (taken < 64) return taken;
    }
    const int from = std::max(place - 64, 0);
    return 64 + std::countr_one(bits[1] | ((std::uint64_t{1} << from) - 1));
}

IndexEntry Occupancy::entry_of(const Block& block) const {
    IndexEntry entry;
    entry.set_block(block.base);
    entry.holder = index_.hash(cat("block ", block.level, " ", block.base.to_string()));
    entry.inode = block.bits[0];
    entry.changed = static_cast<std::int64_t>(block.bits[1]);
    return entry;
}

Occupancy::Block Occupancy::read(const Ip& ip, int level) const {
    Block block = block_of(ip, level);
    if (const auto entry = index_.find_block(entry_of(block)))
        block.bits = {{entry->inode, static_cast<std::uint64_t>(entry->changed)}};
    return block;
}

void Occupancy::write(const Block& block) {
    if (block.is_empty())
        index_.erase(entry_of(block));
    else
        index_.overwrite(entry_of(block));
}

void Occupancy::chart(const std::vector<Ip>& taken) {
    if (!index_.is_lasting()) return;
    std::map<Ip, Block> lower, upper;
    const auto mark = [](std::map<Ip, Block>& blocks, const Ip& ip, int level) -> Block& {
        const Block fresh = block_of(ip, level);
        Block& block = blocks.emplace(fresh.base, fresh).first->second;
        block.set(place_of(ip, level), Place::taken);
        return block;
    };
    for (const Ip& ip : taken)
        if (mark(lower, ip, 0).is_full()) mark(upper, ip, 1);
    for (const auto& [base, block] : lower) write(block);
    for (const auto& [base, block] : upper) write(block);
    index_.set_mapped();
}

void Occupancy::note(const Ip& ip, Place place) {
    if (!is_kept()) return;
    Block lower = read(ip, 0);
    const bool was_full = lower.is_full();
    lower.set(place_of(ip, 0), place);
    write(lower);
    if (lower.is_full() == was_full) return;
    Block upper = read(ip, 1);
    upper.set(place_of(ip, 1), place);
    write(upper);
}

std::optional<Ip> Occupancy::next_free(const Stretch& stretch) const {
    std::optional<Ip> at = stretch.first;
    while (at && *at <= stretch.last) {
        const Block upper = read(*at, 1);
        const int number = upper.next_free(place_of(*at, 1));
        if (number == places) {
            at = upper.last().next();
            continue;
        }
        const auto offset = static_cast<std::uint64_t>(number) << bits_of_a_level;
        const Ip begin = std::max(*at, plus(upper.base, offset));
        const Block lower = read(begin, 0);
        const int place = lower.next_free(place_of(begin, 0));
        if (place < places) {
            const Ip found = plus(lower.base, static_cast<std::uint64_t>(place));
            if (found > stretch.last) return {};
            return found;
        }
        at = lower.last().next();
    }
    return {};
}

}  // namespace cni::host_local
