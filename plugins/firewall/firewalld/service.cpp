#include "service.h"

namespace cni::firewall::firewalld {
namespace {

constexpr const char* name = "org.fedoraproject.FirewallD1";

// It does one thing after the other, in a few hundred milliseconds each, and others ask it too.
constexpr std::chrono::seconds patience{6};

/// firewalld's texts begin with the name of an error.
bool says(const dbus::Answer& answer, std::string_view error) {
    return answer.is_error() && answer.text.starts_with(error);
}

/// Of the bus: nobody, or nobody any more, has the name.
bool is_gone(const dbus::Answer& answer) {
    return answer.error_name == "org.freedesktop.DBus.Error.NameHasNoOwner" ||
           answer.error_name == "org.freedesktop.DBus.Error.ServiceUnknown" ||
           answer.error_name == "org.freedesktop.DBus.Error.NoReply";
}

std::string reason(const dbus::Answer& answer) {
    return answer.text.empty() ? answer.error_name : answer.text;
}

void require_zone(const dbus::Answer& answer, const std::string& zone) {
    if (says(answer, "INVALID_ZONE"))
        throw Error(Code::invalid_config, cat("firewalld has no zone ", quote(zone)),
                    "\"firewalldZone\" must be one of those of firewall-cmd --get-zones");
}

}  // namespace

std::optional<Service> Service::find() {
    auto bus = dbus::Bus::find_system();
    if (!bus) return {};
    const dbus::Answer owner = bus->call({"org.freedesktop.DBus",
                                          "/org/freedesktop/DBus",
                                          "org.freedesktop.DBus",
                                          "GetNameOwner",
                                          {name}});
    if (is_gone(owner)) return {};
    if (owner.is_error())
        throw Error(Code::io_failure, "ask the bus of the system for firewalld", reason(owner));
    return Service(*std::move(bus));
}

dbus::Answer Service::call(const char* member, const std::string& zone, const Prefix& source) {
    return bus_.call({name,
                      "/org/fedoraproject/FirewallD1",
                      cat(name, ".zone"),
                      member,
                      {zone, source.to_string()}},
                     patience);
}

void Service::add_source(const std::string& zone, const Prefix& source) {
    const dbus::Answer answer = call("addSource", zone, source);
    require_zone(answer, zone);
    if (answer.is_error() && !says(answer, "ZONE_ALREADY_SET"))
        throw Refusal(Code::internal, cat("failed to add the address ", source.to_string(), " to ",
                                          zone, " zone: ", reason(answer)));
}

void Service::remove_source(const std::string& zone, const Prefix& source) {
    const dbus::Answer answer = call("removeSource", zone, source);
    if (!answer.is_error() || is_gone(answer)) return;
    for (const char* absence : {"UNKNOWN_SOURCE", "ZONE_CONFLICT", "INVALID_ZONE"})
        if (says(answer, absence)) return;
    throw Refusal(Code::internal, cat("remove the address ", source.to_string(), " from ", zone,
                                      " zone: ", reason(answer)));
}

bool Service::has_source(const std::string& zone, const Prefix& source) {
    const dbus::Answer answer = call("querySource", zone, source);
    require_zone(answer, zone);
    if (answer.is_error())
        throw Error(Code::internal, cat("failed to find the address ", source.to_string(), " in ",
                                        zone, " zone: ", reason(answer)));
    if (!answer.flag)
        throw Error(Code::decoding_failure, "firewalld answered querySource with no truth value");
    return *answer.flag;
}

}  // namespace cni::firewall::firewalld
