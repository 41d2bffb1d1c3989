#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cni::tool {

/// An option a command knows: "--name" or "-n", with an argument or without.
struct Option {
    char letter;                ///< 0: no short form
    std::string_view name;      ///< without the dashes
    std::string_view argument;  ///< how help calls it; "": a flag
    std::string_view help;
};

/// What stands behind the command's name.
class CommandLine {
public:
    /// Options may stand anywhere before "--". Throws Error(invalid_environment) for an option that
    /// is not in `known` and for an argument that is missing or superfluous.
    static CommandLine parse(std::span<const Option> known,
                             std::span<const std::string_view> words);

    const std::vector<std::string>& operands() const { return operands_; }
    bool has(std::string_view option) const { return values_.contains(option); }
    /// Every argument the option was given, in order.
    std::vector<std::string> all(std::string_view option) const;
    /// The last of them; `otherwise` when there is none.
    std::string last_or(std::string_view option, std::string_view otherwise) const;

private:
    std::vector<std::string> operands_;
    std::map<std::string_view, std::vector<std::string>> values_;  // a flag's are empty texts
};

}  // namespace cni::tool
