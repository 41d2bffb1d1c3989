#include "support/plugin_run.h"

#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace cni::test {
namespace {

constexpr const char* sanitized_bin = "CNIXX_SANITIZED_BIN";

nlohmann::json error_object(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    const bool is_error = json.is_object() && json.contains("code") && json.contains("msg");
    return is_error ? json : nlohmann::json();
}

void set(Program& program, const char* name, const std::optional<std::string>& value) {
    if (value) program.environment.push_back(cat(name, "=", *value));
}

}  // namespace

std::string bin_dir() {
    for (const char* variable : {sanitized_bin, "CNIXX_BIN"})
        if (const char* folder = ::getenv(variable)) return folder;
    return CNIXX_BIN_DIR;
}

bool is_sanitized() {
#ifdef __SANITIZE_ADDRESS__
    return true;
#else
    return ::getenv(sanitized_bin);
#endif
}

std::optional<std::string> reference_dir() {
    constexpr const char* dir = "/usr/lib/cni";
    if (::access(cat(dir, "/bridge").c_str(), X_OK) < 0) return {};
    return dir;
}

nlohmann::json PluginRun::json() const {
    return nlohmann::json::parse(out);
}

int PluginRun::error_code() const {
    if (ok()) return 0;
    const auto error = error_object(out);
    return error.is_null() ? -1 : error["code"].get<int>();
}

std::string PluginRun::error_message() const {
    const auto error = error_object(out);
    return error.is_null() ? out : error["msg"].get<std::string>();
}

std::string PluginRun::report() const {
    return cat("exit status ", exit_code(), "\nstdout: ", out, "\nstderr: ", err);
}

std::vector<std::string> passed_on() {
    std::vector<std::string> entries;
    for (const char* variable :
         {"PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "CNI_AWAIT_KERNEL"})
        if (const char* value = ::getenv(variable)) entries.push_back(cat(variable, "=", value));
    return entries;
}

Program plugin_program(const std::string& name, const std::string& command, const PluginArgs& args,
                       const std::string& config) {
    Program program{
        .argv = {cat(args.executables, "/", name)}, .input = config, .environment = passed_on()};
    if (!command.empty()) set(program, "CNI_COMMAND", command);
    set(program, "CNI_CONTAINERID", args.container_id);
    set(program, "CNI_NETNS", args.netns);
    set(program, "CNI_IFNAME", args.ifname);
    set(program, "CNI_ARGS", args.args);
    set(program, "CNI_PATH", args.path);
    for (const std::string& entry : args.environment) program.environment.push_back(entry);
    return program;
}

PluginRun run_plugin(const std::string& name, const std::string& command, const PluginArgs& args,
                     const std::string& config) {
    Process process = Process::start(plugin_program(name, command, args, config));
    return wait_for_plugin(process);
}

PluginRun wait_for_plugin(Process& process) {
    return {process.wait()};
}

}  // namespace cni::test
