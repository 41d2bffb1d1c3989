#include "daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "command_line.h"
#include "listener.h"
#include "log.h"
#include "privileges.h"
#include "server.h"

namespace cni::dhcp {
namespace {

// Removed when the daemon ends, unless it is another one's by then.
class PidFile {
public:
    explicit PidFile(std::string path) : path_(std::move(path)) {
        if (path_.empty()) return;
        const Fd file = open_at(AT_FDCWD, path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW,
                                0644, path_);
        write_all(file.get(), own_, path_);
    }
    PidFile(const PidFile&) = delete;
    PidFile& operator=(const PidFile&) = delete;
    ~PidFile() {
        if (!path_.empty() && is_own()) ::unlink(path_.c_str());
    }

private:
    bool is_own() const {
        try {
            return read_file(path_, own_.size()) == own_;
        } catch (const Error&) {
            return false;
        }
    }
    const std::string path_, own_ = std::to_string(::getpid());
};

void require_absolute(const std::string& path) {
    if (!path.empty() && !path.starts_with('/'))
        throw Error(Code::invalid_config,
                    cat("Error writing pidfile ", quote(path), ": path not absolute"));
}

// SIGTERM and SIGINT, from now on.
Fd open_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::sigaddset(&signals, SIGINT);
    checked(::sigprocmask(SIG_BLOCK, &signals, nullptr), "wait for signals");
    return Fd(checked(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), "wait for signals"));
}

Service::Settings settings_of(const CommandLine& line) {
    return {.manners = line.manners,
            .host_prefix = line.host_prefix,
            .wants_broadcast = line.broadcast};
}

// The lock of the files keeps a second daemon from the same leases until the first one has ended.
// Until then it does not listen, and signals end it as they end any program.
void serve(const CommandLine& line) {
    require_absolute(line.pid_file);
    Fd socket = passed_socket();
    if (!socket) Listener::require_none(line.socket_path);
    StateFiles files = StateFiles::make(line.state_dir);
    const Fd signals = open_signals();
    std::optional<Listener> listener;
    if (!socket) {
        listener.emplace(line.socket_path);
        socket = listener->take();
    }
    const PidFile pid_file(line.pid_file);
    Loop loop;
    Service service(loop, settings_of(line), std::move(files));
    drop_privileges();
    service.resume();
    Server server(loop, service, std::move(socket));
    const Watch watch(loop, signals.get(), EPOLLIN, [&] {
        server.stop();
        loop.stop();
    });
    loop.run();
}

}  // namespace

int run_daemon(const std::vector<std::string>& words) noexcept {
    begin_program();
    try {
        const auto line = parse_command_line(words);
        if (!line) return 2;
        serve(*line);
        return 0;
    } catch (...) {
        log({}, current_error_text());
        return 1;
    }
}

}  // namespace cni::dhcp
