#include "state.h"

#include "base/error.h"
#include "base/warn.h"
#include "call.h"
#include "cni/args.h"
#include "node/records.h"
#include "output/text.h"
#include "runtime/conf_dir.h"

namespace cni::tool {
namespace {

// libcni's own, which containerd, nerdctl, CRI-O, Podman and this tool leave as it is; that of
// kubelet and cri-dockerd; that of Multus.
constexpr const char* caches[] = {"/var/lib/cni", "/var/lib/cni/cache", "/var/lib/cni/multus"};

void append(std::vector<std::string>& list, std::vector<std::string> more) {
    for (std::string& one : more) list.push_back(std::move(one));
}

// A configuration that cannot be read is for `validate` to tell of.
std::vector<std::string> configured_data_dirs() {
    std::vector<std::string> dirs;
    const std::string dir = conf_dir();
    try {
        for (const std::string& file : conf_files(dir, {".conflist", ".conf", ".json"})) {
            const std::string text = read_conf(dir, file);
            append(dirs,
                   data_dirs_of(file.ends_with(".conflist") ? text
                                                            : cat(R"({"plugins":[)", text, "]}")));
        }
    } catch (const Error& error) {
        warn(printable(cat("configurations are not read: ", error.what())));
    }
    return dirs;
}

}  // namespace

StateFolders state_folders(const CommandLine& line) {
    StateFolders folders;
    for (const char* cache : caches) folders.caches.emplace_back(cache);
    append(folders.caches, line.all(cache_option.name));
    folders.data_dirs.emplace_back(host_local::default_data_dir);
    append(folders.data_dirs, configured_data_dirs());
    append(folders.data_dirs, line.all(data_dir_option.name));
    return folders;
}

bool wants_json(const CommandLine& line) {
    const std::string format = line.last_or(output_option.name, "table");
    if (format != "table" && format != "json")
        throw Error(Code::invalid_environment,
                    cat("--output ", quote(format), " must be table or json"));
    return format == "json";
}

std::string network_operand(const CommandLine& line) {
    if (line.operands().empty()) return {};
    const std::string& network = line.operands()[0];
    if (!is_valid_identifier(network))
        throw Error(Code::invalid_environment, cat(quote(network), " is no name of a network"),
                    "letters, digits, _ . and -, the first a letter or digit");
    return network;
}

void print_problems(const std::vector<std::string>& problems) {
    for (const std::string& problem : problems) warn(printable(problem));
}

}  // namespace cni::tool
