// Addresses: whatever parses is printed as text that parses to the same value.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/ip.h"
#include "net/mac.h"

namespace {

template <typename T>
void expect_round_trip(std::string_view text) {
    const auto value = T::parse(text);
    if (value && T::parse(value->to_string()) != value) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    expect_round_trip<cni::Ip>(text);
    expect_round_trip<cni::Prefix>(text);
    expect_round_trip<cni::Mac>(text);
    return 0;
}
