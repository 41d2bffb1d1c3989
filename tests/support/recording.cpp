#include "support/recording.h"

#include <fcntl.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace cni::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t any_size = 64u << 20;

// The answers lie beside the plugin: <type>.<command>.out, and .fail for exit status 1.
constexpr const char* script = R"sh(#!/bin/sh
type=${0##*/}
printf '%s\n' "$type" "$CNI_COMMAND" "$CNI_CONTAINERID" "$CNI_NETNS" "$CNI_IFNAME" "$CNI_ARGS" \
    "$CNI_PATH" "$(cat)" >> "${0%/*}/calls.log"
if [ -f "$0.$CNI_COMMAND.out" ]; then cat "$0.$CNI_COMMAND.out"
elif [ "$CNI_COMMAND" = ADD ]; then echo '{"cniVersion":"1.0.0"}'
fi
[ ! -f "$0.$CNI_COMMAND.fail" ]
)sh";

}  // namespace

TempDir::TempDir() {
    path_ = (fs::temp_directory_path() / "cni-test-XXXXXX").string();
    if (!::mkdtemp(path_.data())) throw SysError("make a temporary directory", errno);
}

TempDir::~TempDir() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string TempDir::write(const std::string& name, std::string_view content) const {
    const fs::path path = fs::path(path_) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
}

std::string TempDir::read(const std::string& name) const {
    const std::string path = cat(path_, "/", name);
    if (const auto text = read_file(path, any_size)) return *text;
    throw Error(Code::internal, cat("no file ", path));
}

bool TempDir::has(const std::string& name) const {
    return fs::exists(fs::path(path_) / name);
}

std::vector<std::string> TempDir::names(const std::string& below) const {
    const std::string path = cat(path_, "/", below);
    return list_dir(open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY, 0, path), path);
}

nlohmann::json RecordedCall::json() const {
    return nlohmann::json::parse(input);
}

std::string RecordedCall::name() const {
    return cat(type, " ", command);
}

RecordingPlugins::RecordingPlugins(const std::vector<std::string>& types) {
    for (const std::string& type : types)
        fs::permissions(dir_.write(type, script), fs::perms::owner_all);
}

void RecordingPlugins::answer(const std::string& type, const std::string& command,
                              const std::string& output) {
    dir_.write(cat(type, ".", command, ".out"), output);
}

void RecordingPlugins::fail(const std::string& type, const std::string& command,
                            const std::string& output) {
    answer(type, command, output);
    dir_.write(cat(type, ".", command, ".fail"), "");
}

void RecordingPlugins::succeed(const std::string& type, const std::string& command) {
    for (const char* suffix : {".out", ".fail"})
        fs::remove(cat(dir_.path(), "/", type, ".", command, suffix));
}

std::vector<RecordedCall> RecordingPlugins::calls() const {
    std::vector<RecordedCall> calls;
    if (!dir_.has("calls.log")) return calls;
    const std::string log = dir_.read("calls.log");
    const auto lines = split(log, '\n');
    for (std::size_t i = 0; i + 8 <= lines.size(); i += 8) {
        const auto line = [&](std::size_t n) { return std::string(lines[i + n]); };
        calls.push_back({line(0), line(1), line(2), line(3), line(4), line(5), line(6), line(7)});
    }
    return calls;
}

std::vector<std::string> RecordingPlugins::call_names() const {
    std::vector<std::string> names;
    for (const RecordedCall& call : calls()) names.push_back(call.name());
    return names;
}

void RecordingPlugins::forget() const {
    fs::remove(cat(dir_.path(), "/calls.log"));
}

}  // namespace cni::test
