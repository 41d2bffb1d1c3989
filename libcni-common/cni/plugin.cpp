#include "cni/plugin.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/warn.h"
#include "cni/attachment_lock.h"
#include "cni/json_writer.h"
#include "cni/log.h"
#include "cni/usage.h"
#include "cni/version.h"
#include "sys/netns.h"

namespace cni {
namespace {

// What each command needs, by the order in which the specification lists the parameters.
struct Command {
    std::string_view name;
    bool needs_container;  // CNI_CONTAINERID and CNI_IFNAME
    bool needs_netns;
    bool needs_path;
    bool needs_config;
    bool changes_attachment;
    std::string_view since;  // lowest cniVersion that has it
};
constexpr Command commands[] = {
    {"ADD", true, true, true, true, true, "0.1.0"},
    {"CHECK", true, true, true, true, false, "0.4.0"},
    {"DEL", true, false, true, true, true, "0.1.0"},
    {"GC", false, false, true, true, false, "1.1.0"},
    {"STATUS", false, false, true, true, false, "1.1.0"},
    {"VERSION", false, false, false, false, false, "0.1.0"},
};

const Command* find_command(std::string_view name) {
    for (const Command& command : commands)
        if (command.name == name) return &command;
    return nullptr;
}

std::string print_error(const Error& error, std::string_view version) {
    JsonWriter out(JsonWriter::Layout::indented);
    out.begin_object()
        .member("cniVersion", version)
        .member("code", static_cast<int>(error.code))
        .member("msg", error.msg);
    if (!error.details.empty()) out.member("details", error.details);
    return out.end_object().take();
}

// In the configuration's version, as far as that is known and spoken.
int fail(const Error& error, const NetConf& conf) {
    const std::string_view version = conf.cni_version;
    write_all(STDOUT_FILENO,
              print_error(error, is_supported(version) ? version : supported_versions.back()),
              "stdout");
    return 1;
}

void require_environment(const Args& args, const Command* command) {
    const bool container = command && command->needs_container;
    std::string missing;
    const auto require = [&](bool needed, const std::string& value, std::string_view name) {
        if (needed && value.empty()) missing += cat(missing.empty() ? "" : ",", name);
        return needed && !value.empty();
    };
    if (require(container, args.container_id, "CNI_CONTAINERID") &&
        !is_valid_identifier(args.container_id))
        throw Error(Code::invalid_environment, "invalid characters in containerID",
                    args.container_id);
    require(command && command->needs_netns, args.netns, "CNI_NETNS");
    if (require(container, args.ifname, "CNI_IFNAME")) require_valid_ifname(args.ifname);
    require(command && command->needs_path, args.path, "CNI_PATH");
    if (!missing.empty())
        throw Error(Code::invalid_environment,
                    cat("required env variables [", missing, "] missing"));
}

void require_spoken(const Command& command, const std::string& version) {
    if (command.since == "0.1.0") return require_supported(version);
    const auto parsed = Version::parse(version);
    if (!parsed)
        throw Error(Code::decoding_failure, cat("invalid version ", quote(version)),
                    "cniVersion must read major.minor.patch");
    if (*parsed < Version::parse(command.since))
        throw Error(Code::incompatible_version, cat("config version does not allow ", command.name),
                    cat("cniVersion must be at least ", command.since));
    if (*parsed > Version::parse(supported_versions.back()))
        throw Error(Code::incompatible_version, cat("plugin version does not allow ", command.name),
                    cat("the newest cniVersion supported is ", supported_versions.back()));
    require_supported(version);
}

bool is_own_netns(const Args& args) {
    if (args.allow_own_netns || args.netns.empty()) return false;
    try {
        const auto netns = Netns::find(args.netns);
        return netns && netns->is_same(Netns::current());
    } catch (const Error&) {
        return false;  // the plugin itself will say what is wrong with the path
    }
}

void require_foreign_netns(const Args& args) {
    if (is_own_netns(args))
        throw Error(Code::invalid_netns,
                    "plugin's netns and netns from CNI_NETNS should not be the same", args.netns);
}

std::string read_stdin() {
    try {
        return read_all(STDIN_FILENO, max_json_size, "stdin");
    } catch (const SysError& error) {
        throw Error(Code::io_failure, cat("error reading from stdin: ", errno_text(error.error)));
    }
}

// Input, or its end, is there at once if it comes at all: nobody types a configuration at a
// terminal, and a pipe that a script holds open must not make VERSION wait for ever.
bool has_stdin() {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    return !::isatty(STDIN_FILENO) && ::poll(&input, 1, 200) > 0;
}

void print_versions() {
    std::string version(supported_versions.back());
    if (has_stdin()) {
        try {
            const Json conf = Json::parse(read_stdin(), "stdin");
            const std::string asked = conf.string_or("cniVersion", "");
            if (Version::parse(asked)) version = asked;
        } catch (const Error&) {
            // What is on stdin does not matter for the answer.
        }
    }
    JsonWriter out(JsonWriter::Layout::compact);
    out.begin_object().member("cniVersion", version).key("supportedVersions").begin_array();
    for (const auto supported : supported_versions) out.value(supported);
    out.end_array().end_object();
    write_all(STDOUT_FILENO, out.take() + "\n", "stdout");
}

void run_optional(void (*step)(const Request&), const Request& request) {
    if (step) step(request);
}

void del_quietly(const Plugin& plugin, const Request& request) noexcept {
    try {
        run_optional(plugin.del, request);
    } catch (...) {
        warn({"undo: delete what was added: ", current_error_text()});
    }
}

// So that who waits for the result need not wait for the end of the process too. What is read
// cannot be written: nothing else comes there.
void end_stdout() {
    ::dup2(STDIN_FILENO, STDOUT_FILENO);
}

void add(const Plugin& plugin, const Request& request) {
    require_foreign_netns(request.args);
    const Result result = plugin.add(request);
    request.step("print result");
    try {
        write_all(STDOUT_FILENO, result.print(request.conf.cni_version), "stdout");
        end_stdout();
    } catch (...) {
        // An attachment nobody is told about must not stay.
        request.step("undo");
        del_quietly(plugin, request);
        throw;
    }
}

// A process id that was given anew makes /proc/<pid>/ns/net the host's: nothing in there is the
// container's, which is gone.
void del(const Plugin& plugin, const Request& request) {
    if (!is_own_netns(request.args)) return run_optional(plugin.del, request);
    Request without_netns = request;
    without_netns.args.netns.clear();
    run_optional(plugin.del, without_netns);
    require_foreign_netns(request.args);
}

void dispatch(const Plugin& plugin, const Request& request) {
    const std::string& command = request.args.command;
    if (command == "ADD") {
        add(plugin, request);
    } else if (command == "DEL") {
        del(plugin, request);
    } else if (command == "CHECK") {
        run_optional(plugin.check, request);
    } else if (command == "GC") {
        run_optional(plugin.gc, request);
    } else {
        run_optional(plugin.status, request);
    }
}

void run_command(const Plugin& plugin, Request& request, OperationLog& log) {
    const Command* command = find_command(request.args.command);
    require_environment(request.args, command);
    if (command && !command->needs_config) return print_versions();
    request.conf = NetConf::parse(read_stdin());
    if (!command)
        throw Error(Code::invalid_environment, cat("unknown CNI_COMMAND: ", request.args.command));
    require_spoken(*command, request.conf.cni_version);
    request.steps = log.start(request);
    std::optional<AttachmentLock> lock;
    if (plugin.is_serialised && command->changes_attachment) {
        lock.emplace(plugin.name, request);
        request.lock = lock->fd();
        log.note_unlocked(lock->obstacle());
    }
    dispatch(plugin, request);
}

// For what is no error that somebody thought of: who met it, doing what, with what.
Error unexpected_error(const Plugin& plugin, const Request& request, std::string_view step) {
    const Args& args = request.args;
    return Error(Code::internal,
                 cat(plugin.name, " ", args.command, ": ", current_error_text(),
                     step.empty() ? "" : " at step ", step.empty() ? "" : quote(step)),
                 cat("network ", quote(request.conf.name), ", container ", quote(args.container_id),
                     ", interface ", quote(args.ifname), ", configuration of ",
                     request.conf.text.size(), " bytes"));
}

Error error_of(const Plugin& plugin, const Request& request, std::string_view step) {
    try {
        throw;
    } catch (const Error& error) {
        return error;
    } catch (...) {
        return unexpected_error(plugin, request, step);
    }
}

int run_throwing(const Plugin& plugin, Words words) {
    Request request{.args = Args::from_environment(), .conf = {}};
    if (request.args.command.empty()) return print_usage(plugin, words);
    OperationLog log(plugin.name);
    try {
        run_command(plugin, request, log);
    } catch (...) {
        const Error error = error_of(plugin, request, log.last_step());
        log.finish(request, &error);
        return fail(error, request.conf);
    }
    log.finish(request, nullptr);
    return 0;
}

iovec as_piece(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size()};
}

// When there was no memory for anything better.
int fail_without_memory(const Plugin& plugin) noexcept {
    iovec pieces[] = {as_piece("{\"cniVersion\": \""),
                      as_piece(supported_versions.back()),
                      as_piece("\", \"code\": 999, \"msg\": \""),
                      as_piece(plugin.name),
                      as_piece(": "),
                      as_piece(current_error_text()),
                      as_piece("\"}")};
    [[maybe_unused]] const auto written = ::writev(STDOUT_FILENO, pieces, std::size(pieces));
    return 1;
}

}  // namespace

int run(const Plugin& plugin, int count, char* const* words) noexcept {
    const Words behind_name(words + std::min(count, 1), words + count);
    if (plugin.run_by_words)
        if (const auto status = plugin.run_by_words(behind_name)) return *status;
    begin_program();
    try {
        return run_throwing(plugin, behind_name);
    } catch (const Error& error) {
        warn({plugin.name, ": ", error.what()});  // stdout cannot be written
        return 1;
    } catch (...) {
        return fail_without_memory(plugin);
    }
}

bool is_container_interface(const Interface& interface, const Args& args) {
    return interface.name == args.ifname && is_same_netns(interface.sandbox, args.netns);
}

Result pass_through(const Request& request) {
    return request.conf.prev_result().value_or(Result{});
}

}  // namespace cni
