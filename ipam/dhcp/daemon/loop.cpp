#include "loop.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "log.h"

namespace cni::dhcp {
namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;
using std::chrono::seconds;

timespec to_timespec(Time time) {
    const auto since = time.time_since_epoch();
    const auto whole = duration_cast<seconds>(since);
    return {.tv_sec = whole.count(), .tv_nsec = duration_cast<nanoseconds>(since - whole).count()};
}

}  // namespace

Loop::Loop()
    : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "make an epoll instance")),
      timer_(
          checked(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK), "make a timer")) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = timer_.get()}};
    checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &event), "watch the timer");
}

Time Loop::now() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return Time(duration_cast<Duration>(seconds(now.tv_sec) + nanoseconds(now.tv_nsec)));
}

// The timer is rounded up, so that nobody is called before the time.
void Loop::arm() {
    const Time wanted = deadlines_.empty() ? never : deadlines_.begin()->first.first;
    if (wanted == armed_) return;
    itimerspec setting{};
    // All zeros would switch it off.
    if (wanted != never) setting.it_value = to_timespec(std::max(wanted, Time(Duration(1))));
    checked(::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &setting, nullptr), "set the timer");
    armed_ = wanted;
}

// What one of them cannot do at the moment is no reason to leave the others alone.
void Loop::call(const Handler& handler) {
    try {
        handler();
    } catch (const Error& error) {
        log({}, error.what());
    }
}

void Loop::run_due() {
    const Time now = Loop::now();
    while (is_running_ && !deadlines_.empty() && deadlines_.begin()->first.first <= now) {
        Handler* const handler = deadlines_.begin()->second;
        deadlines_.erase(deadlines_.begin());
        // Its timer may go.
        const Handler copy = *handler;
        call(copy);
    }
}

// One event at a time: a handler may close descriptors, the numbers of which are given anew.
void Loop::run() {
    is_running_ = true;
    while (is_running_) {
        arm();
        epoll_event event{};
        const int count = ::epoll_wait(epoll_.get(), &event, 1, -1);
        if (count < 0 && errno == EINTR) continue;
        checked(count, "wait for events");
        if (event.data.fd == timer_.get()) {
            std::uint64_t times;
            if (::read(timer_.get(), &times, sizeof times) > 0) armed_ = never;
            run_due();
        } else if (const auto found = handlers_.find(event.data.fd); found != handlers_.end()) {
            const std::shared_ptr<Handler> handler = found->second;
            call(*handler);
        }
    }
}

Watch::Watch(Loop& loop, int fd, std::uint32_t events, std::function<void()> handler)
    : loop_(loop), fd_(fd) {
    epoll_event event{.events = events, .data = {.fd = fd}};
    checked(::epoll_ctl(loop.epoll_.get(), EPOLL_CTL_ADD, fd, &event), "watch a descriptor");
    loop.handlers_.insert_or_assign(fd, std::make_shared<Loop::Handler>(std::move(handler)));
}

Watch::~Watch() {
    ::epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
    loop_.handlers_.erase(fd_);
}

void Watch::change(std::uint32_t events) {
    epoll_event event{.events = events, .data = {.fd = fd_}};
    checked(::epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_MOD, fd_, &event), "watch a descriptor");
}

Timer::Timer(Loop& loop, std::function<void()> handler)
    : loop_(loop), handler_(std::move(handler)) {}

void Timer::set(std::optional<Time> time) {
    if (key_) loop_.deadlines_.erase(*key_);
    key_.reset();
    if (!time || *time == never) return;
    key_.emplace(*time, ++loop_.last_);
    loop_.deadlines_.emplace(*key_, &handler_);
}

}  // namespace cni::dhcp
