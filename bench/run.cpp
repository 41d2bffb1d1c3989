#include "bench/run.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/error.h"
#include "base/file.h"

namespace cni::bench {
namespace {

Fd memory_file(std::string_view content) {
    Fd file(checked(::memfd_create("bench", MFD_CLOEXEC), "make a memory file"));
    write_all(file.get(), content, "a memory file");
    checked(::lseek(file.get(), 0, SEEK_SET), "rewind a memory file");
    return file;
}

// What posix_spawn wants; made before the clock starts.
class Spawn {
public:
    explicit Spawn(const Call& call)
        : call_(call), input_(memory_file(call.config)), output_(memory_file("")) {
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_adddup2(&actions_, input_.get(), 0);
        ::posix_spawn_file_actions_adddup2(&actions_, output_.get(), 1);
        for (const std::string& entry : call.environment)
            environment_.push_back(const_cast<char*>(entry.c_str()));
        environment_.push_back(nullptr);
    }
    Spawn(const Spawn&) = delete;
    Spawn& operator=(const Spawn&) = delete;
    ~Spawn() { ::posix_spawn_file_actions_destroy(&actions_); }

    pid_t start() {
        pid_t pid = -1;
        char* const argv[] = {const_cast<char*>(call_.executable.c_str()), nullptr};
        const int error = ::posix_spawn(&pid, call_.executable.c_str(), &actions_, nullptr, argv,
                                        environment_.data());
        if (error) throw SysError(cat("execute ", call_.executable), error);
        return pid;
    }
    Running running(pid_t pid) { return {pid, std::move(output_), call_.executable}; }

private:
    const Call& call_;
    Fd input_, output_;
    posix_spawn_file_actions_t actions_{};
    std::vector<char*> environment_;
};

}  // namespace

void adopt_orphans() {
    checked(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "adopt orphans");
}

// Those of other threads last: bench/lease_service.h.
void await_orphans() {
    while (::waitpid(-1, nullptr, __WNOTHREAD) > 0 || errno == EINTR) {
    }
}

double now_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

Running start(const Call& call) {
    Spawn spawn(call);
    return spawn.running(spawn.start());
}

std::string result_of(const Running& running, int status) {
    checked(::lseek(running.output.get(), 0, SEEK_SET), "rewind a plugin's output");
    std::string output = read_all(running.output.get(), 16u << 20, "a plugin's output");
    if (status != 0) throw Error(Code::internal, cat(running.name, " failed"), output);
    return output;
}

Timed run_timed(const Call& call) {
    Spawn spawn(call);
    int status = 0;
    const double begin = now_ms();
    const pid_t pid = spawn.start();
    checked(::waitpid(pid, &status, 0), "wait for ", call.executable);
    const double end = now_ms();
    return {end - begin, result_of(spawn.running(pid), status)};
}

}  // namespace cni::bench
