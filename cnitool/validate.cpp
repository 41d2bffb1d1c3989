#include "runtime/validate/validate.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "call.h"
#include "plugins.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option strict_option{0, "strict", "", "let warnings fail as well"};
constexpr Option multus_option{0, "multus", "",
                               "configurations of Multus: a missing name is a warning"};
constexpr Option options[] = {strict_option, multus_option};

void check_path(Validator& validator, const std::string& path) {
    struct stat status {};
    checked(::stat(path.c_str(), &status), "find ", path);
    if (!S_ISDIR(status.st_mode)) return validator.check_file(path);
    const std::size_t before = validator.files();
    validator.check_dir(path);
    if (validator.files() == before)
        throw Error(Code::invalid_config, cat("no net configurations found in ", path));
}

int run(const CommandLine& line) {
    const auto namer =
        line.has(multus_option.name) ? Validator::Namer::multus : Validator::Namer::nobody;
    Validator validator(known_plugins, variable_or("CNI_PATH", ""), namer);
    auto paths = line.operands();
    if (paths.empty()) paths.push_back(conf_dir());
    for (const std::string& path : paths) check_path(validator, path);
    std::string text;
    for (const Problem& problem : validator.problems()) text += cat(problem.to_string(), "\n");
    write_all(STDOUT_FILENO, text, "stdout");
    const bool is_strict = line.has(strict_option.name);
    return validator.has_errors() || (is_strict && !validator.problems().empty()) ? 1 : 0;
}

}  // namespace

const Verb validate_verb{
    .name = "validate",
    .operands = "[DIR|FILE...]",
    .min_operands = 0,
    .max_operands = static_cast<std::size_t>(-1),
    .summary = "look for mistakes in configuration files",
    .help =
        "Checks every file of a configuration directory (default NETCONFPATH), or the files\n"
        "given, and prints each problem as file:line:column: message. Exit status 1 when there\n"
        "is one; warnings count only with --strict. With CNI_PATH set the plugins must be\n"
        "installed there. Runs nothing.\n",
    .example = "cnitool validate --strict /etc/cni/net.d",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
