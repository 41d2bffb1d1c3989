// debug: writes down each call it gets, and runs programs in the container's namespace.
#include "commands.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "base/warn.h"
#include "cni/delegate.h"
#include "config.h"
#include "sys/netns.h"
#include "sys/process.h"

namespace cni::debug {
namespace {

std::string record_of(const Request& request, std::string_view command) {
    const Args& args = request.args;
    return cat(command, "\nContainerID: ", args.container_id, "\nNetns: ", args.netns,
               "\nIfName: ", args.ifname, "\nArgs: ", args.cni_args, "\nPath: ", args.path,
               "\nStdinData: ", request.conf.text, "\n----------------------\n");
}

// Of use for finding faults, so it makes none: what cannot be written is said on stderr. The name
// may lie in a folder that anyone can write to: a symbolic link planted there is not followed.
void write_down(const std::string& path, const std::string& record) try {
    constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
    const Fd file = open_at(AT_FDCWD, path.c_str(), flags, 0644, path);
    write_all(file.get(), record, path);
} catch (const Error& error) {
    warn(cat("cniOutput: ", error.msg));
}

// As much as an IPAM plugin gets.
constexpr std::chrono::seconds hook_time = ipam_time;

// As a shell finds it, but in no directory that is not named.
std::string find_program(const std::string& name) {
    if (name.find('/') != name.npos) return name;
    const char* path = ::getenv("PATH");
    for (const auto directory : split(path ? path : "", ':')) {
        std::string candidate = cat(directory, "/", name);
        if (!directory.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    throw Error(Code::internal, "not found in PATH");
}

void run_hook(const Hook& hook) try {
    Hook argv = hook;
    argv[0] = find_program(hook[0]);
    const Exit exit = Child::spawn(argv, child_environment({}), {.time = hook_time}).wait();
    if (!exit.success())
        warn(cat("hook ", quote(join(hook, " ")), ": ", exit.reason(), "\n", exit.output,
                 exit.diagnostics));
} catch (const Error& error) {
    warn(cat("hook ", quote(join(hook, " ")), ": ", error.what()));
}

void run_hooks(const Request& request, const std::vector<Hook>& hooks) try {
    if (hooks.empty()) return;
    const auto netns = Netns::find(request.args.netns);
    if (!netns)
        return warn(cat("no hook runs: there is no namespace at ", quote(request.args.netns)));
    netns->run([&] {
        for (const Hook& hook : hooks) run_hook(hook);
    });
} catch (const Error& error) {
    warn(cat("no hook runs: ", error.what()));
}

void call(const Request& request, std::string_view name, std::string_view hooks_key) {
    request.step("prepare");
    const Config config = parse_config(request.conf, hooks_key);
    request.step("write call");
    if (!config.output.empty()) write_down(config.output, record_of(request, name));
    request.step("run hooks");
    run_hooks(request, config.hooks);
}

Result add(const Request& request) {
    Result result = pass_through(request);
    call(request, "CmdAdd", "addHooks");
    return result;
}

void check(const Request& request) {
    call(request, "CmdCheck", "checkHooks");
}

void del(const Request& request) try {
    call(request, "CmdDel", "delHooks");
} catch (const Error& error) {
    // A mistake in the configuration must not keep a container from being deleted.
    warn(error.what());
}

}  // namespace

constinit const Plugin plugin{
    .name = "debug", .about = about, .add = add, .check = check, .del = del};

}  // namespace cni::debug
