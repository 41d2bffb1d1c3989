#pragma once

#include <optional>
#include <span>

#include "base/steps.h"
#include "cni/args.h"
#include "cni/config.h"
#include "cni/result.h"

namespace cni {

/// One call of a plugin: who is to be attached, and the configuration.
struct Request {
    Args args;
    NetConf conf;
    Steps* steps = nullptr;  ///< null until the operation begins
    int lock = -1;           ///< AttachmentLock::fd(), for children to hold as well

    AttachmentId attachment() const { return {args.container_id, args.ifname}; }

    /// A step of the operation begins, the one before it ends. `name` is a literal, listed in
    /// docs/logging.md.
    void step(std::string_view name) const {
        if (steps) steps->begin(name);
    }
};

/// What stands behind the name of a program on its command line.
using Words = std::span<char* const>;

/// A plugin as a table of its commands. A null entry succeeds without doing anything.
struct Plugin {
    const char* name;
    const char* about;  ///< what it does, as the end of a sentence that its name begins
    Result (*add)(const Request&) = nullptr;
    void (*check)(const Request&) = nullptr;
    void (*del)(const Request&) = nullptr;
    void (*gc)(const Request&) = nullptr;
    void (*status)(const Request&) = nullptr;
    /// ADD and DEL of an attachment run one after the other: see AttachmentLock. Not for IPAM
    /// plugins, whose callers see to it.
    bool is_serialised = false;
    /// What the executable does besides, if its words ask for it: returns the exit status; nullopt
    /// if they do not. Asked before anything else. May be null.
    std::optional<int> (*run_by_words)(Words words) = nullptr;
};

/// The main function of every plugin: reads environment and stdin, checks them in the order of the
/// specification, runs the command, prints exactly one JSON document (or none) on stdout and
/// returns the exit status. Whatever is thrown becomes an error object. `words` are the `count`
/// ones of main(), the name of the program first. Without CNI_COMMAND it says what it is: see
/// docs/protocol.md.
int run(const Plugin& plugin, int count, char* const* words) noexcept;

/// Whether an interface of a result is CNI_IFNAME in CNI_NETNS: plugins of a list may name the
/// namespace by different paths.
bool is_container_interface(const Interface& interface, const Args& args);

/// The result of a chained plugin that adds nothing: prevResult, or an empty result without one.
Result pass_through(const Request& request);

}  // namespace cni
