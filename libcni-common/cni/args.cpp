#include "cni/args.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/contains.h"
#include "base/error.h"

namespace cni {
namespace {

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The characters Unicode calls white space, as UTF-8, beyond ASCII.
constexpr std::string_view wide_spaces[] = {"\u0085", "\u00a0", "\u1680", "\u2000", "\u2001",
                                            "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
                                            "\u2007", "\u2008", "\u2009", "\u200a", "\u2028",
                                            "\u2029", "\u202f", "\u205f", "\u3000"};

bool has_space(std::string_view text) {
    return text.find_first_of(" \t\n\v\f\r") != text.npos ||
           std::ranges::any_of(
               wide_spaces, [&](std::string_view space) { return text.find(space) != text.npos; });
}

struct Problem {
    std::string_view msg, details;
};

// What is wrong with an interface name; nothing in it when it is fine.
Problem ifname_problem(std::string_view name) {
    if (name.size() > 15)
        return {"interface name is too long", "interface name should be less than 16 characters"};
    if (name == "." || name == "..") return {"interface name is . or ..", {}};
    if (name.find_first_of(std::string_view("/:\0", 3)) != name.npos || has_space(name))
        return {"interface name contains / or : or whitespace characters", {}};
    return {};
}

std::optional<bool> parse_flag(std::string_view text) {
    const std::string folded = lower(text);
    if (folded == "1" || folded == "true") return true;
    if (folded == "0" || folded == "false") return false;
    return {};
}

using Pair = std::pair<std::string_view, std::string_view>;

std::optional<Pair> parse_pair(std::string_view item) {
    const auto parts = split(item, '=');
    if (parts.size() != 2) return {};
    return Pair{parts[0], parts[1]};
}

}  // namespace

std::string environment_variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

Args Args::from_environment() {
    const std::string override_text = environment_variable("CNI_NETNS_OVERRIDE");
    return {
        .command = environment_variable("CNI_COMMAND"),
        .container_id = environment_variable("CNI_CONTAINERID"),
        .netns = environment_variable("CNI_NETNS"),
        .ifname = environment_variable("CNI_IFNAME"),
        .cni_args = environment_variable("CNI_ARGS"),
        .path = environment_variable("CNI_PATH"),
        .allow_own_netns = override_text == "1" || lower(override_text) == "true",
    };
}

bool is_valid_identifier(std::string_view text) {
    return !text.empty() && is_alphanumeric(text[0]) && std::ranges::all_of(text, [](char c) {
        return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
    });
}

void require_valid_ifname(std::string_view name) {
    const auto [msg, details] = ifname_problem(name);
    if (!msg.empty())
        throw Error(Code::invalid_environment, std::string(msg), std::string(details));
}

bool is_ifname(std::string_view name) {
    return !name.empty() && ifname_problem(name).msg.empty();
}

std::map<std::string, std::string> parse_cni_args(std::string_view text,
                                                  std::span<const std::string_view> known) {
    std::map<std::string, std::string> args;
    std::string unknown;
    bool ignore_unknown = false;
    if (text.empty()) return args;
    for (const auto item : split(text, ';')) {
        const auto pair = parse_pair(item);
        if (!pair)
            throw Error(Code::invalid_environment, cat("ARGS: invalid pair ", quote(item)),
                        "CNI_ARGS must read K=V;K=V");
        if (pair->first == "IgnoreUnknown") {
            const auto flag = parse_flag(pair->second);
            if (!flag)
                throw Error(Code::invalid_environment,
                            cat("ARGS: error parsing value of pair ", quote(item),
                                ": boolean unmarshal error: invalid input ", lower(pair->second)));
            ignore_unknown = *flag;
        } else if (contains(known, pair->first)) {
            args[std::string(pair->first)] = pair->second;
        } else {
            unknown += cat(unknown.empty() ? "" : " ", quote(item));
        }
    }
    if (!unknown.empty() && !ignore_unknown)
        throw Error(Code::invalid_environment, cat("ARGS: unknown args [", unknown, "]"),
                    "add IgnoreUnknown=1 to CNI_ARGS to pass keys that a plugin does not know");
    return args;
}

std::map<std::string, std::string> parse_cni_args_leniently(std::string_view text) {
    std::map<std::string, std::string> args;
    for (const auto item : split(text, ';'))
        if (const auto sign = item.find('='); sign != item.npos)
            args[std::string(item.substr(0, sign))] = item.substr(sign + 1);
    return args;
}

}  // namespace cni
