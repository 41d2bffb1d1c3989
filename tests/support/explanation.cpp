#include "support/explanation.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "support/plugin_run.h"

namespace cni::test {
namespace {

using nlohmann::json;

struct Words {
    std::string text;
    std::string lack;
};

Words words_of_object(const std::string& out) {
    const json object = json::parse(out, nullptr, false);
    if (!object.is_object()) return {{}, "no JSON object on stdout"};
    if (!object.contains("cniVersion")) return {{}, "no cniVersion"};
    if (object.value("code", 0) <= 0) return {{}, "no code"};
    return {cat(object.value("msg", ""), "\n", object.value("details", "")), {}};
}

bool is_mute(const Injured& injured) {
    if (!injured.finished.out.empty()) return false;
    // What failed may be the very words, or the C library's preparations.
    return injured.system_call == SYS_write || injured.system_call == SYS_mprotect;
}

Words words_of(Speaker speaker, const Injured& injured) {
    const Finished& finished = injured.finished;
    if (speaker == Speaker::tool || is_mute(injured)) return {finished.err, {}};
    return words_of_object(finished.out);
}

// Memory is missing whatever the kernel's reason for not giving it.
bool asks_for_memory(long system_call) {
    return system_call == SYS_brk || system_call == SYS_mmap || system_call == SYS_mremap;
}

std::string cause_of(const Fault& fault, long system_call) {
    if (fault.kind != Fault::Kind::fail) return ::sigdescr_np(SIGKILL);
    return errno_text(asks_for_memory(system_call) ? ENOMEM : fault.error);
}

// To a queue that is asked without waiting this errno says that it is empty.
bool has_no_answer(const Fault& fault, const Injured& injured, const std::string& text) {
    return injured.system_call == SYS_recvfrom && fault.error == EAGAIN &&
           text.find("the kernel did not answer") != text.npos;
}

// The C library aborts when it gets the beginning of its heap and not the rest.
bool is_of_library(const Injured& injured, const std::string& text) {
    return injured.system_call == SYS_brk && text.find("signal: Aborted") != text.npos;
}

/// "open /etc/hosts: " before it: more than one word.
bool names(const std::string& text, const std::string& cause) {
    for (auto at = text.find(cause); at != text.npos; at = text.find(cause, at + 1)) {
        const std::string_view before = std::string_view(text).substr(0, at);
        const auto act = before.substr(before.rfind('\n') + 1);
        if (act.ends_with(": ") && act.find(' ') < act.size() - 1) return true;
    }
    return false;
}

}  // namespace

std::string lacking_explanation(Speaker speaker, const Fault& fault, const Injured& injured) {
    const Finished& finished = injured.finished;
    // A sanitizer, and the loader of what it is linked to, have words of their own.
    if (is_sanitized()) return finished.out.empty() && finished.err.empty() ? "no words" : "";
    const Words words = words_of(speaker, injured);
    if (!words.lack.empty()) return words.lack;
    const std::string cause = cause_of(fault, injured.system_call);
    const bool has_cause = names(words.text, cause) || has_no_answer(fault, injured, words.text) ||
                           is_of_library(injured, words.text);
    return has_cause ? "" : cat("\"act: ", cause, "\" is nowhere");
}

}  // namespace cni::test
