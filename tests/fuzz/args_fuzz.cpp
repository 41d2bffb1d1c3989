// Text from the environment: CNI_ARGS, names, versions.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "attempt.h"
#include "cni/args.h"
#include "cni/version.h"

namespace {

using cni::fuzz::attempt;

// The strict reader returns the known keys of what the lenient one finds.
void read_cni_args(std::string_view text) {
    constexpr std::string_view known[] = {"IP", "MAC"};
    const auto all = cni::parse_cni_args_leniently(text);
    attempt([&] {
        for (const auto& [key, value] : cni::parse_cni_args(text, known))
            if ((key != "IP" && key != "MAC") || all.at(key) != value) std::abort();
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_cni_args(text);
    const bool accepted = attempt([&] { cni::require_valid_ifname(text); });
    if (cni::is_ifname(text) != (accepted && !text.empty())) std::abort();
    cni::is_valid_identifier(text);
    const bool supported = attempt([&] { cni::require_supported(text); });
    if (supported && !cni::Version::parse(text)) std::abort();
    return 0;
}
