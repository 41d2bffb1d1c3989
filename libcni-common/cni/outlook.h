#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/named.h"
#include "cni/plugin.h"

namespace cni {

/// One thing that ADD would do, or would find done.
struct Foreseen {
    enum class Act {
        make,  ///< it is not there yet
        set,   ///< it is there, and gets this value or address
        use,   ///< it is there, or is decided upon, and stays as it is
        take,  ///< out of what is handed out
        run,   ///< another program
        note,  ///< what cannot be known before, or is worth knowing
    } act;
    std::string_view kind;  ///< of the object: "bridge", "veth", "address"; a literal
    std::string name;       ///< what it is, or would be, called; "" when it has none
    std::string text;       ///< more about it: "a port of cni0"
    std::string plugin;     ///< that would do it
};
inline constexpr Named<Foreseen::Act> acts[] = {
    {"make", Foreseen::Act::make}, {"set", Foreseen::Act::set}, {"use", Foreseen::Act::use},
    {"take", Foreseen::Act::take}, {"run", Foreseen::Act::run}, {"note", Foreseen::Act::note}};

/// An ADD that nobody makes: what it would do, told by the plugin itself, which changes nothing.
/// Each plugin has a function for it in its inspect.h, for `cnitool explain`.
class Outlook {
public:
    /// Throws what ADD would, as far as that can be known before.
    using Foresee = void (*)(Outlook&);
    /// By the type of a plugin, of an IPAM plugin too; null for one that nobody here knows.
    using Find = Foresee (*)(std::string_view type);

    /// `request` as ADD would get it, with a CNI_NETNS that need not be there unless
    /// `has_container` says so; it and `steps`, to which is added, must outlive the object.
    Outlook(const Request& request, std::string plugin, bool has_container, Find find,
            std::vector<Foreseen>& steps);

    const Request& request;
    /// Whether somebody has named a container that may be looked into.
    const bool has_container;
    /// At first what the plugins before would have printed; at last what ADD would.
    Result result;
    /// False when that lacks what nobody can know before: addresses that a server gives, what a
    /// plugin does that is not of this suite.
    bool is_known = true;

    void add(Foreseen::Act act, std::string_view kind, std::string name, std::string text);
    void make(std::string_view kind, std::string name, std::string text) {
        add(Foreseen::Act::make, kind, std::move(name), std::move(text));
    }
    void set(std::string_view kind, std::string name, std::string text) {
        add(Foreseen::Act::set, kind, std::move(name), std::move(text));
    }
    void use(std::string_view kind, std::string name, std::string text) {
        add(Foreseen::Act::use, kind, std::move(name), std::move(text));
    }
    void take(std::string_view kind, std::string name, std::string text) {
        add(Foreseen::Act::take, kind, std::move(name), std::move(text));
    }
    void note(std::string text) { add(Foreseen::Act::note, "", "", std::move(text)); }

    /// Makes it or uses it.
    void make_unless(bool is_there, std::string_view kind, std::string name, std::string text) {
        add(is_there ? Foreseen::Act::use : Foreseen::Act::make, kind, std::move(name),
            std::move(text));
    }

    /// What the IPAM plugin of the configuration would say; an empty result without one, or when
    /// that is not known. Throws what it would throw.
    Result foresee_ipam();
    /// The same of another plugin that is run with a configuration of its own.
    void foresee_delegate(const std::string& type, const NetConf& conf);

    /// Records of an interface for the result.
    Interface on_host(std::string name) const;
    Interface in_container() const;

private:
    void foresee_other(Outlook& other, std::string_view kind, const std::string& type);

    const std::string plugin_;
    const Find find_;
    std::vector<Foreseen>& steps_;
};

}  // namespace cni
