#include "allowlist.h"

#include <algorithm>
#include <memory>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/error.h"
#include "base/file.h"

namespace cni::tuning {
namespace {

constexpr const char* path = allowlist_path;
constexpr std::size_t max_size = 1u << 20;

template <auto release>
struct Release {
    template <typename T>
    void operator()(T* object) const {
        release(object);
    }
};
using Pattern = std::unique_ptr<pcre2_code, Release<pcre2_code_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Release<pcre2_match_data_free>>;

PCRE2_SPTR units(const std::string& text) {
    return reinterpret_cast<PCRE2_SPTR>(text.data());
}

Pattern compile(const std::string& line) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    // "$" is the very end, not also the place before a last line feed.
    Pattern pattern(pcre2_compile(units(line), line.size(),
                                  PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &error, &offset,
                                  nullptr));
    if (pattern) return pattern;
    std::string text(256, '\0');
    pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(text.data()), text.size());
    text.resize(text.find('\0'));
    throw Error(Code::invalid_config,
                cat("error parsing regexp: ", text, ": ", quote(line), " in ", path),
                cat("at character ", offset + 1));
}

bool matches_line(const std::string& line, const std::string& text) {
    const Pattern pattern = compile(line);
    const MatchData match(pcre2_match_data_create(1, nullptr));
    const int rc = pcre2_match(pattern.get(), units(text), text.size(), 0, 0, match.get(), nullptr);
    if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
        throw Error(Code::invalid_config,
                    cat("match ", quote(line), " of ", path, " with ", quote(text)),
                    cat("error ", rc, " of the regular expression library"));
    return rc >= 0;
}

}  // namespace

std::optional<Allowlist> Allowlist::load() {
    const auto text = read_file(path, max_size);
    if (!text) return {};
    return Allowlist(*text);
}

Allowlist::Allowlist(std::string_view text) {
    for (const auto line : split(text, '\n'))
        if (const auto expression = trim(line); !expression.empty())
            compile(lines_.emplace_back(expression));
}

bool Allowlist::matches(const std::string& text) const {
    return std::ranges::any_of(lines_,
                               [&](const std::string& line) { return matches_line(line, text); });
}

void Allowlist::require(const SysctlName& name) const {
    if (matches(name.written) || matches(name.dotted_template) || matches(name.dotted)) return;
    throw Error(
        Code::invalid_config,
        cat("Sysctl ", name.written, " is not allowed. Only the following sysctls are allowed: [",
            join(lines_, " "), "]"),
        cat("the list is ", path));
}

}  // namespace cni::tuning
