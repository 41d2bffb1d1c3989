#include "process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "output.h"

namespace cni::floor {
namespace {

struct Start {
    Text executable;
    int input, output;
};

int become(void* argument) {
    const auto& start = *static_cast<const Start*>(argument);
    char* const argv[] = {const_cast<char*>(start.executable.c_str()), nullptr};
    ::dup2(start.input, 0);
    ::dup2(start.output, 1);
    ::execve(argv[0], argv, environ);
    ::_exit(127);
}

}  // namespace

int start_beside(int (*body)(void*), void* argument, std::span<char> stack) {
    return checked(::clone(body, stack.data() + stack.size(), CLONE_VM | SIGCHLD, argument),
                   "start a process");
}

HostLocal::HostLocal(const Input& input) : input_(input) {
    alignas(16) static char stack[16384];
    static constinit Start start{};
    int in[2], out[2];
    checked(::pipe2(in, O_CLOEXEC), "make a pipe");
    checked(::pipe2(out, O_CLOEXEC), "make a pipe");
    start.executable << input.path << "/host-local";
    start.input = in[0];
    start.output = out[1];
    process_ = start_beside(become, &start, stack);
    ::close(in[0]);
    ::close(out[1]);
    input_writer_ = in[1];
    output_reader_ = out[0];
}

void HostLocal::feed() {
    if (::write(input_writer_, input_.config.data(), input_.config.size()) < 0)
        fail("feed host-local");
    ::close(input_writer_);
}

Prefix HostLocal::address() {
    char text[1024];
    const auto size = checked(static_cast<int>(::read(output_reader_, text, sizeof text)), "read");
    const Input result{.config = {text, static_cast<std::size_t>(size)},
                       .container_id = {},
                       .ifname = {},
                       .netns = {},
                       .path = {}};
    const Prefix address = result.prefix("address");
    if (address.length == 0) {
        print(result.config.empty() ? "host-local said nothing" : result.config);
        ::_exit(1);
    }
    return address;
}

void HostLocal::wait() {
    int status = 0;
    checked(::waitpid(process_, &status, 0), "wait for host-local");
    if (status != 0) fail("run host-local", EIO);
}

}  // namespace cni::floor
