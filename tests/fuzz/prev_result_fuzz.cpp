// Results: what is read is printed, in any version that can express it, as text that reads the
// same. The first byte chooses the version of the input.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cni/result.h"
#include "cni/version.h"

namespace {

cni::Result read(std::string_view text, std::string_view version) {
    return cni::Result::parse(cni::Json::parse(text, "result"), version);
}

bool is_printable(const cni::Result& result, std::string_view version) {
    try {
        result.require_printable(version);
        return true;
    } catch (const cni::Error&) {
        return false;
    }
}

void expect_round_trips(const cni::Result& result) {
    for (const auto version : cni::supported_versions) {
        if (!is_printable(result, version)) continue;
        const std::string text = result.print(version);
        if (read(text, version).print(version) != text) std::abort();
    }
    if (read(result.print_compact("1.1.0"), "1.1.0") != result) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto version = cni::supported_versions[data[0] % cni::supported_versions.size()];
    try {
        expect_round_trips(
            read(std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1), version));
    } catch (const cni::Error&) {
        return 0;
    }
    return 0;
}
