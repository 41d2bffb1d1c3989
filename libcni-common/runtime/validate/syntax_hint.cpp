#include "runtime/validate/syntax_hint.h"

#include <algorithm>

namespace cni {
namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool expects(const JsonSyntaxError& error, std::string_view what) {
    return error.msg.find(cat("expected ", what)) != std::string::npos;
}

// The quote before a word is missing when one follows it, as in: name": 1
std::string explain_word(std::string_view rest, const JsonSyntaxError& error) {
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_letter);
    const std::string word(rest.begin(), end);
    if (expects(error, "':'")) return cat("a \":\" is missing before ", word, ", or a quote");
    if (end != rest.end() && *end == '"') return cat("the quote before ", word, " is missing");
    return cat("the word ", word, " needs quotes; only true, false and null stand without");
}

std::string explain_string(std::string_view rest, const JsonSyntaxError& error) {
    if (error.msg.find("control character") != std::string::npos) {
        const auto stop = rest.find_first_of("\n\t\r\"", 1);
        const bool is_tab = stop != rest.npos && rest[stop] == '\t';
        return is_tab ? "a tab in a string must be written \\t"
                      : "the quote that ends this string is missing";
    }
    if (expects(error, "'}'") || expects(error, "']'")) return "a comma is missing before this";
    if (expects(error, "':'")) return "a \":\" is missing before this";
    return {};
}

std::string explain_end(const JsonSyntaxError& error) {
    if (expects(error, "'}'")) return "the file ends too early: a } is missing";
    if (expects(error, "']'")) return "the file ends too early: a ] is missing";
    return {};
}

}  // namespace

SyntaxHint explain(std::string_view text, const JsonSyntaxError& error) {
    const std::size_t at = std::min(error.offset, text.size());
    const std::string_view rest = text.substr(at);
    const auto before = text.substr(0, at).find_last_not_of(blanks);
    std::string message;
    if (text.find_first_not_of(blanks) == text.npos)
        message = "the file is empty";
    else if (rest.empty())
        message = explain_end(error);
    else if (rest[0] == '#' || rest.starts_with("//") || rest.starts_with("/*"))
        message = "JSON has no comments";
    else if (rest[0] == '\'')
        message = "strings stand in double quotes";
    else if (rest[0] == '"')
        message = explain_string(rest, error);
    else if (is_letter(rest[0]))
        message = explain_word(rest, error);
    else if ((rest[0] == '}' || rest[0] == ']') && before != text.npos && text[before] == ',')
        return {before, cat("the comma before ", rest.substr(0, 1), " is one too many")};
    if (message.empty()) message = error.msg;
    return {at, std::move(message)};
}

}  // namespace cni
