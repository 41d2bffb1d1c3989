// Files that tuning reads: its record of what there was, the list of what is allowed, and values of
// the kernel. The text is one of each; for the list and the values its first line is the name.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "attempt.h"
#include "base/error.h"
#include "base/text.h"
#include "plugins/tuning/allowlist.h"
#include "plugins/tuning/backup.h"
#include "plugins/tuning/sysctl_file.h"

namespace {

using cni::tuning::Allowlist;
using cni::tuning::Backup;
using cni::tuning::SysctlName;

using cni::fuzz::attempt;

void require_below_net(const SysctlName& name) {
    if (name.parts.empty()) std::abort();
    for (const std::string& part : name.parts)
        if (part.empty() || part == "." || part == ".." || part.find('/') != part.npos)
            std::abort();
}

void read_backup(const std::string& text) {
    const Backup backup = Backup::parse(text, "the file");
    for (const Backup::Parameter& parameter : backup.sysctls) require_below_net(name_of(parameter));
    Backup whole;
    whole.add(backup);
    const std::string printed = whole.print();
    if (Backup::parse(printed, "the same").print() != printed) std::abort();
}

void read_name_and_list(std::string_view name, std::string_view lines) {
    attempt(
        [&] { require_below_net(cni::tuning::parse_sysctl_name(std::string(name), "eth0.5")); });
    attempt([&] {
        Allowlist(lines).require(cni::tuning::parse_sysctl_name(std::string(name), "eth0"));
    });
    cni::tuning::is_value(name, lines);
    if (!cni::tuning::is_value(name, name)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    attempt([&] { read_backup(text); });
    const std::string_view view = text;
    const auto end = std::min(view.find('\n'), view.size());
    read_name_and_list(view.substr(0, end), view.substr(std::min(end + 1, view.size())));
    return 0;
}
