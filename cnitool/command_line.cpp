#include "command_line.h"

#include <optional>

#include "base/error.h"

namespace cni::tool {
namespace {

Error usage_error(std::string msg) {
    return Error(Code::invalid_environment, std::move(msg));
}

// One word that begins with a dash: its option, and the argument when the word holds it.
struct OptionWord {
    const Option* option;
    std::optional<std::string> argument;
};

OptionWord long_option(std::span<const Option> known, std::string_view word) {
    const auto equals = word.find('=');
    for (const Option& option : known) {
        if (word.substr(2, equals == word.npos ? equals : equals - 2) != option.name) continue;
        if (equals == word.npos) return {&option, {}};
        return {&option, std::string(word.substr(equals + 1))};
    }
    throw usage_error(cat("unknown option ", word));
}

OptionWord short_option(std::span<const Option> known, std::string_view word) {
    for (const Option& option : known) {
        if (option.letter != word[1]) continue;
        if (word.size() == 2) return {&option, {}};
        return {&option, std::string(word.substr(2))};
    }
    throw usage_error(cat("unknown option ", word));
}

}  // namespace

CommandLine CommandLine::parse(std::span<const Option> known,
                               std::span<const std::string_view> words) {
    CommandLine line;
    bool options_end = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (options_end || word.size() < 2 || word[0] != '-') {
            line.operands_.emplace_back(word);
            continue;
        }
        if (word == "--") {
            options_end = true;
            continue;
        }
        auto [option, argument] =
            word[1] == '-' ? long_option(known, word) : short_option(known, word);
        const bool wants = !option->argument.empty();
        if (!wants && argument) throw usage_error(cat("option ", word, " takes no argument"));
        if (wants && !argument && ++i == words.size())
            throw usage_error(cat("option ", word, " needs an argument"));
        if (wants && !argument) argument = words[i];
        line.values_[option->name].push_back(argument.value_or(""));
    }
    return line;
}

std::vector<std::string> CommandLine::all(std::string_view option) const {
    const auto found = values_.find(option);
    return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::string CommandLine::last_or(std::string_view option, std::string_view otherwise) const {
    const auto given = all(option);
    return given.empty() ? std::string(otherwise) : given.back();
}

}  // namespace cni::tool
