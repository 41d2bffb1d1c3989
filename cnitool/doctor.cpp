#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "call.h"
#include "cni/json_writer.h"
#include "doctor/checks.h"
#include "output/text.h"
#include "state.h"
#include "verb.h"

namespace cni::tool {
namespace {

constexpr Option format_option{'o', "output", "FORMAT", "table (lines, default) or json"};
constexpr Option options[] = {format_option, cache_option, data_dir_option};

constexpr void (*checks[])(const Patient&, Findings&) = {
    check_plugins,   check_configurations, check_kernel, check_rules, check_ranges,
    check_leftovers, check_routes,         check_links,  check_space};

// One that fails is a finding itself, and hides none of the others.
Findings diagnose(const Patient& patient) {
    Findings findings;
    for (const auto check : checks) try {
            check(patient, findings);
        } catch (const Error& error) {
            add_warning(findings, "not-examined", "a part of the node could not be looked at",
                        error.what(), "run as root");
        }
    return findings;
}

std::string line_of(const Finding& finding) {
    return cat(printable(cat(name_of(severity_names, finding.severity), " ", finding.name, ": ",
                             finding.cause, " (", finding.evidence, "); mend: ", finding.remedy)),
               "\n");
}

std::string lines_of(const Findings& findings) {
    std::string text;
    for (const Finding& finding : findings) text += line_of(finding);
    return text;
}

std::string json_of(const Findings& findings) {
    JsonWriter out(JsonWriter::Layout::indented);
    out.begin_array();
    for (const Finding& finding : findings)
        out.begin_object()
            .member("severity", name_of(severity_names, finding.severity))
            .member("name", finding.name)
            .member("cause", finding.cause)
            .member("evidence", finding.evidence)
            .member("mend", finding.remedy)
            .end_object();
    return cat(printable_json(out.end_array().take()), "\n");
}

// As monitoring plugins end: 1 is a warning, 2 critical.
int status_of(const Findings& findings) {
    int status = 0;
    for (const Finding& finding : findings)
        status = std::max(status, finding.severity == Finding::Severity::error ? 2 : 1);
    return status;
}

int run(const CommandLine& line) {
    const bool as_json = wants_json(line);
    const Patient patient =
        Patient::examine(state_folders(line), conf_dir(), variable_or("CNI_PATH", "/opt/cni/bin"));
    const Findings findings = diagnose(patient);
    write_all(STDOUT_FILENO, as_json ? json_of(findings) : lines_of(findings), "stdout");
    return status_of(findings);
}

}  // namespace

const Verb doctor_verb{
    .name = "doctor",
    .operands = "",
    .min_operands = 0,
    .max_operands = 0,
    .summary = "look for what is wrong with this node",
    .help =
        "Prints a line for each finding: what is wrong, the evidence, and what mends it. Exit\n"
        "status 0: nothing; 1: warnings; 2: errors. Runs nothing and changes nothing.\n",
    .example = "cnitool doctor || mail -s \"$HOSTNAME\" root",
    .options = options,
    .run = run,
};

}  // namespace cni::tool
