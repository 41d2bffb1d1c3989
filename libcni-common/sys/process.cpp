#include "sys/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace cni {
namespace {

// Read at once: more than most plugins print, and no more, as each page of it is touched.
constexpr std::size_t bite = 4096;

struct Pipe {
    Fd reader, writer;
};

// Numbered 3 or more, so that putting it on 0, 1 or 2 in the child overwrites none of the others.
Fd above_stdio(int fd) {
    if (fd > STDERR_FILENO) return Fd(fd);
    const Fd low(fd);
    return Fd(checked(::fcntl(low.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1), "move a pipe"));
}

Pipe make_pipe(std::string_view name, const std::string& program) {
    int ends[2];
    checked(::pipe2(ends, O_CLOEXEC), "make the ", name, " of ", program);
    Fd reader(ends[0]), writer(ends[1]);
    return {above_stdio(reader.release()), above_stdio(writer.release())};
}

// So that the end of a child interrupts a wait, and nothing else: what is not poll(2) is restarted.
// Ignored, as who started us may have asked for, it would leave no exit status to wait for.
void hear_of_ends() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_RESTART;
    checked(::sigaction(SIGCHLD, &action, nullptr), "await the end of programs");
}

/// While it exists ends of children are told by ppoll(2) alone, so that none is missed.
class EndsHeld {
public:
    EndsHeld() {
        sigset_t ends;
        ::sigemptyset(&ends);
        ::sigaddset(&ends, SIGCHLD);
        checked(::sigprocmask(SIG_BLOCK, &ends, &before_), "hold signals back");
    }
    EndsHeld(const EndsHeld&) = delete;
    EndsHeld& operator=(const EndsHeld&) = delete;
    ~EndsHeld() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

}  // namespace

std::string Exit::reason() const {
    if (WIFSIGNALED(status)) {
        const char* name = ::sigdescr_np(WTERMSIG(status));
        return cat("signal: ", name ? name : "unknown");
    }
    return cat("exit status ", WEXITSTATUS(status));
}

Child Child::spawn(std::vector<std::string> argv, std::vector<std::string> environment,
                   const Limits& limits, int inherited) {
    const std::string program = argv[0];
    Pipe in = make_pipe("stdin", program), out = make_pipe("stdout", program),
         err = make_pipe("stderr", program);
    checked(::fcntl(in.writer.get(), F_SETFL, O_NONBLOCK), "set up the stdin of ", program);
    hear_of_ends();
    Child child(program, limits,
                Execution(std::move(argv), std::move(environment),
                          {in.reader.get(), out.writer.get(), err.writer.get(), inherited}));
    child.reader_ = std::move(in.reader);
    child.input_ = std::move(in.writer);
    child.output_ = std::move(out.reader);
    child.diagnostics_ = std::move(err.reader);
    return child;
}

Child::Child(Child&& other) noexcept
    : program_(std::move(other.program_)),
      limits_(other.limits_),
      deadline_(other.deadline_),
      execution_(std::move(other.execution_)),
      is_running_(std::exchange(other.is_running_, false)),
      reader_(std::move(other.reader_)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      diagnostics_(std::move(other.diagnostics_)),
      unfed_(std::move(other.unfed_)),
      exit_(std::move(other.exit_)) {}

Child::~Child() {
    if (!is_running_) return;
    // Its group first; it has none where that was forbidden, or not yet. One that may not be killed
    // either loses its pipes, and its life when ours ends.
    const pid_t pid = execution_.pid();
    if (::kill(-pid, SIGKILL) < 0 && ::kill(pid, SIGKILL) < 0) {
        execution_.abandon();
        return;
    }
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

void Child::give(std::string_view input) {
    unfed_ = input;
    feed();
    reader_.reset();
}

const std::string& Child::await_output() {
    const EndsHeld held;
    while (output_ && !has_ended()) await_event();
    if (!is_running_) drain(output_, exit_.output, "output");
    return exit_.output;
}

Exit Child::wait() {
    const EndsHeld held;
    if (reader_) give("");
    while (!has_ended()) await_event();
    drain(output_, exit_.output, "output");
    drain(diagnostics_, exit_.diagnostics, "stderr");
    return std::move(exit_);
}

bool Child::has_ended() {
    if (!is_running_) return true;
    pid_t rc;
    do rc = ::waitpid(execution_.pid(), &exit_.status, WNOHANG);
    while (rc < 0 && errno == EINTR);
    if (checked(rc, "wait for ", program_) == 0) return false;
    is_running_ = false;
    if (const int failure = execution_.failure())
        throw SysError(cat("execute ", program_), failure);
    return true;
}

void Child::await_event() {
    const auto left = std::max(deadline_ - Clock::now(), Clock::duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
    sigset_t awake;
    checked(::sigprocmask(SIG_BLOCK, nullptr, &awake), "look at the signals held back");
    ::sigdelset(&awake, SIGCHLD);
    // poll(2) passes over those that are closed: their number is -1.
    pollfd pipes[] = {
        {input_.get(), POLLOUT, 0}, {output_.get(), POLLIN, 0}, {diagnostics_.get(), POLLIN, 0}};
    const int ready = ::ppoll(pipes, std::size(pipes), &timeout, &awake);
    if (ready < 0 && errno == EINTR) return;
    if (checked(ready, "wait for ", program_) == 0)
        throw Error(Code::internal,
                    cat(program_, " did not end within ", limits_.time.count(), " seconds"),
                    "it was killed");
    if (pipes[0].revents) feed();
    if (pipes[1].revents) collect(output_, exit_.output, "output");
    if (pipes[2].revents) collect(diagnostics_, exit_.diagnostics, "stderr");
}

// A program need not read what it gets.
void Child::feed() {
    while (!unfed_.empty()) {
        const ssize_t n = ::write(input_.get(), unfed_.data(), unfed_.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0 && errno == EPIPE) {
            unfed_.clear();
            break;
        }
        unfed_.erase(0, static_cast<std::size_t>(checked(n, "write the stdin of ", program_)));
    }
    input_.reset();
}

void Child::collect(Fd& from, std::string& text, std::string_view name) {
    const std::size_t before = text.size();
    text.resize(before + bite);
    const ssize_t n = ::read(from.get(), text.data() + before, bite);
    const int error = errno;
    text.resize(before + static_cast<std::size_t>(std::max(n, ssize_t{0})));
    if (n == 0) from.reset();
    if (n < 0 && error != EINTR) throw SysError(cat("read the ", name, " of ", program_), error);
    if (text.size() > limits_.output)
        throw Error(Code::io_failure, cat("the ", name, " of ", program_, " is larger than ",
                                          limits_.output, " bytes"));
}

// Not to the end: what it has left running may hold the pipe open.
void Child::drain(Fd& from, std::string& text, std::string_view name) {
    while (from) {
        pollfd pipe{from.get(), POLLIN, 0};
        const int ready = ::poll(&pipe, 1, 0);
        if (ready < 0 && errno == EINTR) continue;
        if (checked(ready, "look at the ", name, " of ", program_) == 0) return;
        collect(from, text, name);
    }
}

}  // namespace cni
