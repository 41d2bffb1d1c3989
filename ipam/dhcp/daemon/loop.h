#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "../protocol/clock.h"
#include "base/fd.h"

namespace cni::dhcp {

/// Waits for descriptors and deadlines, in one thread.
class Loop {
public:
    Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// Calls whoever waits for what happens, until stop(). An Error of a handler goes to the log.
    void run();
    void stop() { is_running_ = false; }

    static Time now();

private:
    friend class Watch;
    friend class Timer;
    using Handler = std::function<void()>;
    using Key = std::pair<Time, std::uint64_t>;

    void arm();
    void run_due();
    static void call(const Handler& handler);

    Fd epoll_, timer_;
    bool is_running_ = false;
    std::map<int, std::shared_ptr<Handler>> handlers_;  ///< by descriptor
    std::map<Key, Handler*> deadlines_;
    Time armed_ = never;
    std::uint64_t last_ = 0;  ///< that a timer got, to tell them apart
};

/// Waits for events of a descriptor, as long as it lives. `loop` must outlive it; the descriptor is
/// to be closed after it is gone.
class Watch {
public:
    /// `events` of epoll_ctl(2). `handler` may destroy the watch.
    Watch(Loop& loop, int fd, std::uint32_t events, std::function<void()> handler);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

    void change(std::uint32_t events);

private:
    Loop& loop_;
    int fd_;
};

/// Calls its handler when its time has come. `loop` must outlive it.
class Timer {
public:
    Timer(Loop& loop, std::function<void()> handler);
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { set({}); }

    /// Instead of the time it was set to; nullopt: not at all.
    void set(std::optional<Time> time);

private:
    Loop& loop_;
    std::function<void()> handler_;
    std::optional<Loop::Key> key_;
};

}  // namespace cni::dhcp
