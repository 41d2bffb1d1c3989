#pragma once

#include <string>
#include <vector>

namespace cni::test {

/// An IPAM plugin that does what a test says and notes how it was called. It lives on a file system
/// of its own on /mnt, so that snapshots do not show it. One at a time.
class ScriptedIpam {
public:
    ScriptedIpam();
    ScriptedIpam(const ScriptedIpam&) = delete;
    ScriptedIpam& operator=(const ScriptedIpam&) = delete;
    ~ScriptedIpam();

    /// What "ipam.type" names.
    static constexpr const char* type = "scripted";
    /// For CNI_PATH.
    static constexpr const char* dir = "/mnt";

    /// The shell commands of a CNI command; without, it succeeds and prints nothing.
    void on(const std::string& command, const std::string& shell) const;
    /// ADD prints this.
    void answer(const std::string& result) const;
    /// "ADD c1 eth0", in the order of the calls.
    std::vector<std::string> calls() const;
};

}  // namespace cni::test
