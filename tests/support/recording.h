#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace cni::test {

/// A fresh directory, removed with all that is in it.
class TempDir {
public:
    TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();

    const std::string& path() const { return path_; }
    /// Makes or replaces a file; parents are made. Returns its path.
    std::string write(const std::string& name, std::string_view content) const;
    /// Throws Error when there is no such file.
    std::string read(const std::string& name) const;
    bool has(const std::string& name) const;
    /// Names in it, or in a directory below, sorted.
    std::vector<std::string> names(const std::string& below = {}) const;

private:
    std::string path_;
};

/// One call a recording plugin got.
struct RecordedCall {
    std::string type, command, container_id, netns, ifname, args, path;
    std::string input;  ///< stdin

    nlohmann::json json() const;
    /// "bridge ADD"
    std::string name() const;
};

/// A directory of plugins that do nothing but write down what they are called with.
class RecordingPlugins {
public:
    explicit RecordingPlugins(const std::vector<std::string>& types);

    std::string path() const { return dir_.path(); }
    /// What a plugin prints for a command. Without it ADD prints an empty result of 1.0.0.
    void answer(const std::string& type, const std::string& command, const std::string& output);
    /// Makes a command fail: it prints `output` and ends with exit status 1.
    void fail(const std::string& type, const std::string& command, const std::string& output);
    void succeed(const std::string& type, const std::string& command);

    std::vector<RecordedCall> calls() const;
    /// "bridge ADD", "portmap ADD", in order.
    std::vector<std::string> call_names() const;
    void forget() const;

private:
    TempDir dir_;
};

}  // namespace cni::test
