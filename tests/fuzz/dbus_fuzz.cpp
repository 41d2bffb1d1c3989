// What a bus sends.
#include <cstdint>
#include <string_view>

#include "attempt.h"
#include "sys/dbus_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    cni::fuzz::attempt([&] { cni::dbus::size_of(bytes); });
    cni::fuzz::attempt([&] { cni::dbus::parse(bytes); });
    return 0;
}
