#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace cni::test {

/// How the bus of the system behaves, and firewalld on it.
enum class BusMood {
    sound,
    without_firewalld,
    hangs,     ///< takes connections, and says nothing
    is_full,   ///< takes no connection, and refuses none
    refuses,   ///< to believe who calls
    hangs_up,  ///< at once
    babbles,   ///< what is no D-Bus
    firewalld_hangs,
    firewalld_refuses,  ///< whatever it is asked
    firewalld_fails,    ///< to do anything about IPv4: its rules were taken from under it
    firewalld_babbles,  ///< answers of another type
    firewalld_dies,     ///< of the first question
};

/// A bus of the system of the sandbox's host, with firewalld on it: as far as sources of the zones
/// trusted and home go, in its own words. It is gone with this object; what zones hold stays.
class FakeFirewalld {
public:
    explicit FakeFirewalld(BusMood mood = BusMood::sound,
                           const std::string& path = "/run/dbus/system_bus_socket");
    /// firewalld alone, on a bus that is there, or will be soon.
    static FakeFirewalld on_bus(const std::string& path);
    FakeFirewalld(FakeFirewalld&& other) noexcept;
    FakeFirewalld& operator=(FakeFirewalld&&) = delete;
    ~FakeFirewalld();

    /// What a zone holds: "10.1.2.2/32", sorted.
    static std::vector<std::string> sources(const std::string& zone = "trusted");
    /// As firewall-cmd does, and firewalld when it is reloaded.
    static void add(const std::string& zone, const std::string& source);
    static void forget_all();

private:
    explicit FakeFirewalld(pid_t process) : process_(process) {}
    pid_t process_;
};

}  // namespace cni::test
