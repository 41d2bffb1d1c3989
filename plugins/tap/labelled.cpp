#include "labelled.h"

#include <fcntl.h>
#include <sys/wait.h>

#include <cerrno>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "sys/process.h"

namespace cni::tap {
namespace {

constexpr const char* label_file = "/proc/thread-self/attr/exec";
// Nobody calls a plugin so.
constexpr std::string_view marker = "--cnixx-attach-tap";

// The kernel takes each write as the whole.
void write_label(std::string_view label) {
    try {
        const Fd file = open_at(AT_FDCWD, label_file, O_WRONLY, 0, label_file);
        checked(::write(file.get(), label.data(), label.size()), "write ", label_file);
    } catch (const SysError& error) {
        const int reason = error.error;
        throw SysError(
            cat("failed set socket label: write ", label_file), reason,
            "SELinux is off, or \"selinuxContext\" is no context of its policy: leave it "
            "out where there is no SELinux");
    }
}

/// While it exists, programs are executed with this label.
class LabelForPrograms {
public:
    explicit LabelForPrograms(const std::string& label) { write_label(label); }
    LabelForPrograms(const LabelForPrograms&) = delete;
    LabelForPrograms& operator=(const LabelForPrograms&) = delete;
    // It ends with the process, which executes nothing else from here on if it cannot be taken
    // back.
    ~LabelForPrograms() {
        try {
            write_label("\n");
        } catch (const Error&) {
        }
    }
};

Child start(int tun, const NewTap& tap, const std::string& context) {
    const LabelForPrograms label(context);
    // The plugin's name: the executable may be one that has others in it (multicall).
    return Child::spawn({"/proc/self/exe", "tap", std::string(marker), cat(tun), tap.name,
                         tap.multi_queue ? "1" : "0", tap.has_virtio_header ? "1" : "0"},
                        {}, {.time = std::chrono::seconds(10)}, tun);
}

Exit run(int tun, const NewTap& tap, const std::string& context) {
    Child child = start(tun, tap, context);
    try {
        return child.wait();
    } catch (const SysError& error) {
        throw SysError(cat("failed to create tap: start a process labelled ", quote(context)),
                       error.error,
                       "the policy of SELinux must let the plugin execute itself with that label");
    }
}

}  // namespace

void attach_labelled(int tun, const NewTap& tap, const std::string& context) {
    const Exit exit = run(tun, tap, context);
    if (exit.success()) return;
    if (!WIFEXITED(exit.status))
        throw Error(Code::internal,
                    cat("failed to create tap: its process ended with ", exit.reason()));
    throw SysError("failed to create tap", WEXITSTATUS(exit.status),
                   cat("the process that was to make it was labelled ", quote(context)));
}

std::optional<int> run_labelled(Words words) {
    constexpr std::size_t expected = 5;
    if (words.size() < expected) return {};
    words = words.last(expected);
    if (words[0] != marker) return {};
    const auto is_on = [](std::string_view text) { return text == "1"; };
    return attach_tap(
        parse_int<int>(words[1]).value_or(-1),
        {.name = words[2], .multi_queue = is_on(words[3]), .has_virtio_header = is_on(words[4])});
}

}  // namespace cni::tap
