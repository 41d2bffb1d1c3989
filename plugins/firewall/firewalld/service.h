#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "net/ip.h"
#include "sys/dbus.h"

namespace cni::firewall::firewalld {

/// What firewalld answers when it does not do what it is asked for: it is locked down, or what it
/// has made was taken from under it. Other things may still be asked.
class Refusal : public Error {
public:
    using Error::Error;
};

/// The daemon firewalld of this host, by the bus of the system. Nobody starts it for us. What is
/// refused because nobody has its name any more counts as done: what it knew went with it.
class Service {
public:
    /// nullopt when it does not run. Throws Error: see dbus::Bus.
    static std::optional<Service> find();

    /// Succeeds when the zone has it. Throws Error(invalid_config) when there is no such zone,
    /// Refusal, Error.
    void add_source(const std::string& zone, const Prefix& source);
    /// Succeeds when the zone has it not, or when there is no such zone. Throws Refusal,
    /// Error.
    void remove_source(const std::string& zone, const Prefix& source);
    bool has_source(const std::string& zone, const Prefix& source);

private:
    explicit Service(dbus::Bus bus) : bus_(std::move(bus)) {}
    dbus::Answer call(const char* member, const std::string& zone, const Prefix& source);
    dbus::Bus bus_;
};

}  // namespace cni::firewall::firewalld
