#pragma once

#include <string>
#include <utility>
#include <vector>

#include "support/portmap_fixture.h"
#include "support/recording.h"

namespace cni::test {

/// A container and what its runtime asks for.
struct Attachment {
    TestNetns netns;
    int host_port;  ///< forwarded to port 80, TCP and UDP
    std::string mac;
    nlohmann::json result = nlohmann::json::object();
    /// Of the plugins that were called before; {} of none.
    nlohmann::json previous = nlohmann::json::object();

    Attachment(const std::string& name, int port, std::string mac_)
        : netns(name), host_port(port), mac(std::move(mac_)) {}
};

/// Whether plugins are told where their rules go, or have to find out.
enum class Backends { named, found_out };

/// A whole network as people run it: bridge with masquerading and host-local, portmap, tuning,
/// driven by cnitool from a file.
class ChainCalls : protected PortmapCalls {
protected:
    /// Writes the file for the way in use; `more_tuning` is laid over tuning's keys. With
    /// `firewall`, keys of that plugin, it is one of the list. `more_bridge` is laid over bridge's.
    void configure(const json& more_tuning = json::object(), Backends backends = Backends::named,
                   json firewall = nullptr, const json& more_bridge = json::object()) const;

    Program tool_program(std::vector<std::string> words, const json& capabilities) const;
    Program tool_program(const std::string& command, const Attachment& a) const;
    /// GC of all but the containers with these namespaces.
    Program collection(const std::vector<std::string>& valid_netns) const;
    Finished tool(const std::string& command, const Attachment& a) const {
        return run(tool_program(command, a));
    }
    void attach(Attachment& a) const;
    void expect_ok(const std::string& command, const Attachment& a) const;

    /// Of the host; leases() tells of addresses, beside which host-local keeps where it left off.
    static Snapshot traces();
    /// Chains, tables and directories that all containers share, but nothing of any container.
    static void expect_skeleton_only();

private:
    TempDir net_d_;
};

}  // namespace cni::test
