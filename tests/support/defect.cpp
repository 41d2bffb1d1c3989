#include "support/defect.h"

#include <sys/wait.h>

#include <string_view>

#include "base/text.h"

namespace cni::test {
namespace {

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

bool has_report(const std::string& err) {
    return holds(err, ": runtime error: ") || holds(err, "ERROR: AddressSanitizer: ") ||
           holds(err, "ERROR: LeakSanitizer: ");
}

bool is_crash(int status) {
    if (!WIFSIGNALED(status)) return false;
    switch (WTERMSIG(status)) {
        case SIGABRT:
        case SIGBUS:
        case SIGFPE:
        case SIGILL:
        case SIGSEGV:
        case SIGSYS:
        case SIGTRAP:
            return true;
        default:
            return false;
    }
}

}  // namespace

std::string defect_of(const Finished& finished) {
    if (finished.exit_code() == sanitizer_status || has_report(finished.err))
        return cat("a sanitizer found a mistake: ", finished.err);
    if (is_crash(finished.status))
        return cat("crashed by signal ", WTERMSIG(finished.status), ": ", finished.err);
    return "";
}

std::string defect_despite_faults(const Finished& finished) {
    // The last one is told of any object when the sanitizer gets no pipe, by which it finds out
    // what memory there is.
    for (const char* consequence :
         {"AddressSanitizer: SEGV", "AddressSanitizer: out of memory", "allocator is out of memory",
          "which does not point to an object of type"})
        if (holds(finished.err, consequence)) return "";
    return has_report(finished.err) ? defect_of(finished) : "";
}

}  // namespace cni::test
