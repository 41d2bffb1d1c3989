#pragma once

#include <span>
#include <string_view>

#include "command_line.h"

namespace cni::tool {

/// A command of cnitool. `run` returns the exit status; what it throws is printed, exit status 1.
struct Verb {
    std::string_view name;
    std::string_view operands;  ///< as usage shows them: "NETWORK NETNS"
    std::size_t min_operands, max_operands;
    std::string_view summary;  ///< one line
    std::string_view help;     ///< what --help says besides, whole lines
    std::string_view example;  ///< one line, as it is typed
    std::span<const Option> options;
    int (*run)(const CommandLine&);
};

extern const Verb add_verb, check_verb, del_verb, doctor_verb, explain_verb, gc_verb, install_verb,
    ipam_verb, list_verb, metrics_verb, schema_verb, status_verb, uninstall_verb, validate_verb,
    version_verb;

/// All of them, by their names.
std::span<const Verb* const> all_verbs();

}  // namespace cni::tool
