#include "support/tap_program.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/error.h"

namespace cni::test {
namespace {

void pass_on(int from, int to) {
    char frame[2048];
    const ssize_t size = ::read(from, frame, sizeof frame);
    if (size > 0 && ::write(to, frame, static_cast<std::size_t>(size)) < 0) ::_exit(1);
}

[[noreturn]] void pass_on_all(int one, int other) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        pollfd both[] = {{one, POLLIN, 0}, {other, POLLIN, 0}};
        if (::poll(both, 2, -1) < 0) ::_exit(1);
        if (both[0].revents != 0) pass_on(one, other);
        if (both[1].revents != 0) pass_on(other, one);
    }
}

}  // namespace

Fd attach_program(const TestNetns& container, Queues queues, const std::string& name) {
    return container.run([&] { return attach_program_here(queues, name); });
}

Fd attach_program_here(Queues queues, const std::string& name) {
    Fd tun(checked(::open("/dev/net/tun", O_RDWR | O_CLOEXEC), "open /dev/net/tun"));
    ifreq request{};
    name.copy(request.ifr_name, sizeof request.ifr_name - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (queues == Queues::several) request.ifr_flags |= IFF_MULTI_QUEUE;
    checked(::ioctl(tun.get(), TUNSETIFF, &request), "attach to ", name);
    return tun;
}

TapCable::TapCable(const TestNetns& one, const TestNetns& other) {
    const Fd here = attach_program(one), there = attach_program(other);
    pid_ = checked(::fork(), "start a program");
    if (pid_ == 0) pass_on_all(here.get(), there.get());
}

TapCable::~TapCable() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

}  // namespace cni::test
