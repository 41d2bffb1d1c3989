#include "sys/machine.h"

#include "base/error.h"
#include "base/file.h"
#include "base/passing.h"

namespace cni {
namespace {

std::string find_id(const char* path) {
    constexpr std::size_t shortest = 32;  // hexadecimal digits; boot ids have hyphens as well
    try {
        const auto text = read_file(path, 4096);
        const std::string_view id = text ? trim(*text) : std::string_view();
        return std::string(id.size() < shortest ? "" : id);
    } catch (const SysError& error) {
        // Taken for unknown it would be forgotten what is dead after the next boot.
        if (is_passing(error.error)) throw;
        return {};
    } catch (const Error&) {
        return {};
    }
}

}  // namespace

std::string boot_id() {
    return find_id("/proc/sys/kernel/random/boot_id");
}

std::string machine_id() {
    return find_id("/etc/machine-id");
}

}  // namespace cni
