#include "tool.h"

#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/warn.h"
#include "complete.h"
#include "runtime/validate/nearest.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr const Verb* verbs[] = {&add_verb,       &check_verb,    &del_verb,     &doctor_verb,
                                 &explain_verb,   &gc_verb,       &install_verb, &ipam_verb,
                                 &list_verb,      &metrics_verb,  &schema_verb,  &status_verb,
                                 &uninstall_verb, &validate_verb, &version_verb};
constexpr Option help_option{'h', "help", "", "print this text"};

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(text.size() + 2, width), ' ');
    return text;
}

std::string usage() {
    std::string text = "usage: cnitool COMMAND [OPTION...] [OPERAND...]\n\n";
    for (const Verb* verb : verbs)
        text += cat("  ", padded(cat(verb->name, " ", verb->operands), 30), verb->summary, "\n");
    return text +=
           "\n"
           "environment:\n"
           "  NETCONFPATH  directory of the configuration files (default /etc/cni/net.d)\n"
           "  CNI_PATH     directories of the plugins, colon separated\n"
           "  CNI_IFNAME   interface in the container (default eth0)\n"
           "  CNI_ARGS     K=V;K=V for the plugins\n"
           "  CAP_ARGS     JSON object of capability arguments\n"
           "\n"
           "cnitool COMMAND --help says more.\n";
}

std::string usage(const Verb& verb) {
    return cat("usage: cnitool ", verb.name, verb.options.empty() ? "" : " [OPTION...]",
               verb.operands.empty() ? "" : " ", verb.operands, "\n");
}

std::string option_line(const Option& option) {
    const std::string letter = option.letter ? cat("-", option.letter, ", ") : "    ";
    const std::string argument = option.argument.empty() ? "" : cat(" ", option.argument);
    return cat("  ", padded(cat(letter, "--", option.name, argument), 28), option.help, "\n");
}

std::string help(const Verb& verb) {
    std::string text = cat(usage(verb), "\n", verb.help, "\noptions:\n");
    for (const Option& option : verb.options) text += option_line(option);
    return text += cat(option_line(help_option), "\nexample:\n  ", verb.example, "\n");
}

const Verb* find_verb(std::string_view name) {
    const auto found = std::ranges::find(verbs, name, &Verb::name);
    return found == std::end(verbs) ? nullptr : *found;
}

// Longer and shorter forms ("delete", "stat") are meant, and what is misspelt.
std::optional<std::string_view> meant_by(std::string_view word) {
    std::vector<std::string_view> names;
    for (const Verb* verb : verbs) names.push_back(verb->name);
    for (const std::string_view name : names)
        if (!word.empty() && (name.starts_with(word) || word.starts_with(name))) return name;
    return nearest(word, names);
}

std::string unknown(std::string_view word) {
    std::string names;
    for (const Verb* verb : verbs) names += cat(names.empty() ? "" : ", ", verb->name);
    const auto meant = meant_by(word);
    return cat("unknown command ", quote(word),
               meant ? cat(", did you mean ", quote(*meant), "?") : "", "\ncommands: ", names,
               "; cnitool help says more\n");
}

int print(int fd, const std::string& text, int status) {
    write_all(fd, text, "the output");
    return status;
}

CommandLine parse(const Verb& verb, std::span<const std::string_view> words) {
    std::vector<Option> known(verb.options.begin(), verb.options.end());
    known.push_back(help_option);
    CommandLine line = CommandLine::parse(known, words);
    if (line.has(help_option.name)) return line;
    const auto operands = line.operands().size();
    if (operands < verb.min_operands)
        throw Error(Code::invalid_environment, cat(verb.name, " needs ", verb.operands));
    if (operands > verb.max_operands)
        throw Error(Code::invalid_environment,
                    cat("superfluous operand ", quote(line.operands()[verb.max_operands])));
    return line;
}

int run_verb(const Verb& verb, std::span<const std::string_view> words) {
    CommandLine line;
    try {
        line = parse(verb, words);
    } catch (const Error& error) {
        return print(STDERR_FILENO, cat(error.what(), "\n", usage(verb)), 1);
    }
    if (line.has(help_option.name)) return print(STDOUT_FILENO, help(verb), 0);
    return verb.run(line);
}

int run(std::span<const std::string_view> words) {
    if (words.empty()) return print(STDERR_FILENO, usage(), 1);
    const std::string_view name = words[0];
    if (name == "help" || name == "--help" || name == "-h") return print(STDOUT_FILENO, usage(), 0);
    if (name == "__complete") return print(STDOUT_FILENO, complete(words.subspan(1)), 0);
    if (name == "--version") return run_verb(version_verb, words.subspan(1));
    if (const Verb* verb = find_verb(name)) return run_verb(*verb, words.subspan(1));
    return print(STDERR_FILENO, unknown(name), 1);
}

}  // namespace

std::span<const Verb* const> all_verbs() {
    return verbs;
}

int run(int count, char* const* words) noexcept {
    try {
        begin_program();
        const std::vector<std::string_view> behind_name(words + std::min(count, 1), words + count);
        return run(behind_name);
    } catch (...) {
        warn(current_error_text());
        return 1;
    }
}

}  // namespace cni::tool
