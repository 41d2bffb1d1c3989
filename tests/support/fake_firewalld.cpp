#include "support/fake_firewalld.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "base/error.h"
#include "support/dbus_peer.h"

namespace cni::test {
namespace {

namespace fs = std::filesystem;

// A file for each source: whoever looks for what is left on the host finds it.
const fs::path zones = "/run/fake-firewalld";
const std::string firewalld = "org.fedoraproject.FirewallD1";

fs::path file_of(const std::string& zone, std::string source) {
    std::ranges::replace(source, '/', '_');
    return zones / zone / source;
}

void make_zones() {
    for (const char* zone : {"trusted", "home"}) fs::create_directories(zones / zone);
}

bool has(const std::string& zone, const std::string& source) {
    return fs::exists(file_of(zone, source));
}

BusAnswer exception(const std::string& text) {
    return {.error = cat(firewalld, ".Exception"), .text = text};
}

BusAnswer add_source(const std::string& zone, const std::string& source) {
    if (has(zone, source)) return exception(cat("ZONE_ALREADY_SET: '", source, "' already bound"));
    for (const char* other : {"trusted", "home"})
        if (has(other, source)) return exception(cat("ZONE_CONFLICT: '", source, "' is elsewhere"));
    FakeFirewalld::add(zone, source);
    return {.text = zone};
}

BusAnswer remove_source(const std::string& zone, const std::string& source) {
    if (!fs::remove(file_of(zone, source))) return exception(cat("UNKNOWN_SOURCE: ", source));
    return {.text = zone};
}

BusAnswer answer_of_zone(const BusCall& call) {
    if (call.arguments.size() != 2) return {.error = "org.freedesktop.DBus.Error.InvalidArgs"};
    const std::string& zone = call.arguments[0];
    const std::string& source = call.arguments[1];
    if (!fs::exists(zones / zone)) return exception(cat("INVALID_ZONE: ", zone));
    if (call.member == "addSource") return add_source(zone, source);
    if (call.member == "removeSource") return remove_source(zone, source);
    if (call.member == "querySource") return {.flag = has(zone, source)};
    return {.error = "org.freedesktop.DBus.Error.UnknownMethod", .text = call.member};
}

BusAnswer answer_of_bus(const BusCall& call, BusMood mood) {
    if (call.member == "Hello") return {.text = ":1.1"};
    const bool is_asked_for =
        call.member == "GetNameOwner" && call.arguments == std::vector<std::string>{firewalld};
    if (is_asked_for && mood != BusMood::without_firewalld) return {.text = ":1.0"};
    return {.error = "org.freedesktop.DBus.Error.NameHasNoOwner", .text = "nobody has it"};
}

BusAnswer answer_of_firewalld(const BusCall& call, BusMood mood) {
    if (mood == BusMood::firewalld_refuses)
        return {.error = "org.freedesktop.DBus.Error.AccessDenied", .text = "not for you"};
    if (mood == BusMood::firewalld_fails && call.arguments.back().find('.') != std::string::npos)
        return exception("COMMAND_FAILED: 'python-nftables' failed");
    if (mood == BusMood::firewalld_dies) ::_exit(0);
    if (mood == BusMood::firewalld_babbles)
        return call.member == "querySource" ? BusAnswer{.text = "true"} : BusAnswer{.flag = true};
    return answer_of_zone(call);
}

void serve(DbusPeer peer, BusMood mood) {
    while (const auto call = peer.next()) {
        if (call->interface == "org.freedesktop.DBus")
            peer.answer(*call, answer_of_bus(*call, mood));
        else if (mood != BusMood::firewalld_hangs)
            peer.answer(*call, answer_of_firewalld(*call, mood));
    }
}

void talk(Fd socket, BusMood mood) {
    DbusPeer peer(std::move(socket));
    if (mood == BusMood::hangs_up) return;
    if (mood == BusMood::babbles) peer.say(std::string(5000, 'x'));
    if (mood == BusMood::refuses) peer.say("REJECTED KERBEROS_V4\r\n");
    if (mood == BusMood::hangs || mood == BusMood::babbles || mood == BusMood::refuses) ::pause();
    peer.welcome();
    serve(std::move(peer), mood);
}

/// Runs `body` in a process that does not outlive this one.
template <typename F>
pid_t fork_off(F&& body) {
    const pid_t parent = ::getpid();
    const pid_t pid = checked(::fork(), "make a process");
    if (pid != 0) return pid;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    try {
        body();
    } catch (const std::exception& error) {
        const std::string line = cat("fake firewalld: ", error.what(), "\n");
        [[maybe_unused]] const auto written = ::write(2, line.data(), line.size());
    }
    ::_exit(0);
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

Fd new_socket() {
    return Fd(checked(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "open a socket"));
}

bool connects(const Fd& socket, const std::string& path) {
    const sockaddr_un address = address_of(path);
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
           0;
}

Fd listen_at(const std::string& path, int queue) {
    fs::create_directories(fs::path(path).parent_path());
    fs::remove(path);
    Fd socket = new_socket();
    const sockaddr_un address = address_of(path);
    checked(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            "bind ", path);
    checked(::listen(socket.get(), queue), "listen at ", path);
    return socket;
}

/// Nobody else is let in as long as the process lives.
[[noreturn]] void be_full(const std::string& path) {
    const Fd only = new_socket();
    connects(only, path);
    for (;;) ::pause();
}

[[noreturn]] void accept_all(const Fd& listening, BusMood mood) {
    ::signal(SIGCHLD, SIG_IGN);
    for (;;) {
        Fd socket(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (socket) fork_off([&] { talk(std::move(socket), mood); });
    }
}

}  // namespace

FakeFirewalld::FakeFirewalld(BusMood mood, const std::string& path) {
    make_zones();
    const Fd listening = listen_at(path, mood == BusMood::is_full ? 0 : 64);
    process_ = fork_off([&] {
        if (mood == BusMood::is_full) be_full(path);
        accept_all(listening, mood);
    });
}

FakeFirewalld FakeFirewalld::on_bus(const std::string& path) {
    make_zones();
    Fd socket = new_socket();
    using std::chrono::milliseconds;
    for (int left = 2000; !connects(socket, path); socket = new_socket()) {
        if (--left == 0) throw Error(Code::internal, cat("no bus at ", path));
        std::this_thread::sleep_for(milliseconds(5));
    }
    DbusPeer peer(std::move(socket));
    peer.register_name(firewalld);
    return FakeFirewalld(fork_off([&] { serve(std::move(peer), BusMood::sound); }));
}

FakeFirewalld::FakeFirewalld(FakeFirewalld&& other) noexcept
    : process_(std::exchange(other.process_, -1)) {}

FakeFirewalld::~FakeFirewalld() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
}

std::vector<std::string> FakeFirewalld::sources(const std::string& zone) {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(zones / zone)) {
        out.push_back(entry.path().filename());
        std::ranges::replace(out.back(), '_', '/');
    }
    std::ranges::sort(out);
    return out;
}

void FakeFirewalld::add(const std::string& zone, const std::string& source) {
    std::ofstream(file_of(zone, source));
}

void FakeFirewalld::forget_all() {
    fs::remove_all(zones);
    make_zones();
}

}  // namespace cni::test
