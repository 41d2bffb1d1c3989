#include "hashes.h"

#include <sys/random.h>
#include <time.h>

#include <bit>
#include <cstddef>
#include <cstring>

namespace cni::host_local {
namespace {

// On machines of either byte order the file they are in is read by its own machine only.
std::uint64_t word_at(const char* bytes) {
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

class SipState {
public:
    explicit SipState(const HashKey& key)
        : v0_(key.first ^ 0x736f6d6570736575),
          v1_(key.second ^ 0x646f72616e646f6d),
          v2_(key.first ^ 0x6c7967656e657261),
          v3_(key.second ^ 0x7465646279746573) {}

    void take(std::uint64_t word) {
        v3_ ^= word;
        mix();
        v0_ ^= word;
    }
    std::uint64_t finish() {
        v2_ ^= 0xff;
        for (int i = 0; i < 3; ++i) mix();
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }

private:
    void mix() {
        v0_ += v1_;
        v1_ = std::rotl(v1_, 13) ^ v0_;
        v0_ = std::rotl(v0_, 32);
        v2_ += v3_;
        v3_ = std::rotl(v3_, 16) ^ v2_;
        v0_ += v3_;
        v3_ = std::rotl(v3_, 21) ^ v0_;
        v2_ += v1_;
        v1_ = std::rotl(v1_, 17) ^ v2_;
        v2_ = std::rotl(v2_, 32);
    }
    std::uint64_t v0_, v1_, v2_, v3_;
};

}  // namespace

HashKey HashKey::random() {
    HashKey key;
    // Never waits, not even in the first moments of a machine. Where it is refused, the clock must
    // do.
    if (::getrandom(&key, sizeof key, GRND_INSECURE) != ssize_t{sizeof key}) {
        timespec time{};
        ::clock_gettime(CLOCK_REALTIME, &time);
        key = {static_cast<std::uint64_t>(time.tv_sec), static_cast<std::uint64_t>(time.tv_nsec)};
    }
    return key;
}

std::uint64_t keyed_hash(const HashKey& key, std::string_view bytes) {
    SipState state(key);
    const std::size_t whole = bytes.size() & ~std::size_t{7};
    for (std::size_t at = 0; at < whole; at += 8) state.take(word_at(bytes.data() + at));
    std::uint64_t last = std::uint64_t{bytes.size()} << 56;
    for (std::size_t at = whole; at < bytes.size(); ++at)
        last |= std::uint64_t{static_cast<unsigned char>(bytes[at])} << (at - whole) * 8;
    state.take(last);
    return state.finish();
}

std::uint64_t hash_of_id(std::string_view id) {
    std::uint64_t value = 0xcbf29ce484222325;
    for (const char c : id) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return value ? value : 1;
}

}  // namespace cni::host_local
