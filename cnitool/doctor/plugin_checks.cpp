#include <fcntl.h>
#include <sys/stat.h>

#include <set>

#include "../node/origin.h"
#include "../plugins.h"
#include "checks.h"
#include "cni/delegate.h"
#include "runtime/validate/validate.h"

namespace cni::tool {
namespace {

bool may_be_written_by_others(const struct stat& status) {
    constexpr mode_t others = S_IWOTH;
    return (status.st_mode & others) != 0 || (status.st_uid != 0 && status.st_uid != ::geteuid());
}

std::string octal(mode_t mode) {
    char digits[8];
    char* const end = std::to_chars(digits, digits + sizeof digits, mode & 07777, 8).ptr;
    return {digits, end};
}

void check_not_writable(const std::string& path, Findings& findings) {
    struct stat status {};
    if (::stat(path.c_str(), &status) < 0 || !may_be_written_by_others(status)) return;
    add_error(findings, "plugin-writable",
              cat("others than root may change ", path, ", which runtimes execute as root"),
              cat("mode ", octal(status.st_mode), ", owner ", status.st_uid),
              cat("chown root ", path, " && chmod go-w ", path));
}

void check_directories(const Patient& patient, Findings& findings) {
    for (const auto part : split(patient.plugin_path, ':')) {
        const std::string dir(part);
        struct stat status {};
        if (!dir.empty() && ::stat(dir.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
            check_not_writable(dir, findings);
            continue;
        }
        add_error(findings, "no-plugin-directory", cat("there is no directory of plugins ", dir),
                  cat("CNI_PATH is ", patient.plugin_path), cat("install cnixx into ", dir));
    }
}

std::optional<std::string> find_type(const Patient& patient, const std::string& type,
                                     Findings& findings) try {
    return find_plugin(type, patient.plugin_path);
} catch (const Error& error) {
    for (const auto dir : split(patient.plugin_path, ':')) {
        const std::string path = cat(dir, "/", type);
        if (::access(path.c_str(), F_OK) < 0) continue;
        add_error(findings, "plugin-not-executable",
                  cat("plugin ", type, " may not be executed: each ADD that needs it fails"), path,
                  cat("chmod 755 ", path));
        return {};
    }
    add_error(findings, "plugin-missing",
              cat("plugin ", type, " is missing: each ADD that needs it fails"), error.what(),
              cat("install ", type, " into ", patient.plugin_path));
    return {};
}

}  // namespace

void check_plugins(const Patient& patient, Findings& findings) {
    check_directories(patient, findings);
    std::set<std::string> of_go, others;
    for (const std::string& type : patient.needed_types()) {
        const auto path = find_type(patient, type, findings);
        if (!path) continue;
        check_not_writable(*path, findings);
        (is_written_in_go(*path) ? of_go : others).insert(type);
    }
    if (of_go.empty() || others.empty()) return;
    add_warning(findings, "mixed-plugins",
                "plugins of several origins serve the networks: an update replaced some of them",
                cat("of Go: ", join(of_go, ", "), "; not: ", join(others, ", ")),
                cat("install one set of plugins into ", patient.plugin_path));
}

void check_configurations(const Patient& patient, Findings& findings) {
    Validator validator(known_plugins, "");
    try {
        validator.check_dir(patient.conf_dir);
    } catch (const Error& error) {
        add_error(findings, "no-configuration", "the directory of networks cannot be read",
                  error.what(), cat("ls -l ", patient.conf_dir));
        return;
    }
    if (validator.files() == 0)
        add_error(findings, "no-configuration", "no network is configured: runtimes attach nothing",
                  cat("no file in ", patient.conf_dir),
                  cat("put a .conflist into ", patient.conf_dir));
    for (const Problem& problem : validator.problems())
        if (!problem.warning)
            add_error(findings, "bad-configuration", problem.message,
                      cat(problem.file, ":", problem.position.line, ":", problem.position.column),
                      cat("cnitool validate ", problem.file));
}

}  // namespace cni::tool
