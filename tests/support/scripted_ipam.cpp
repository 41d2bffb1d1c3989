#include "support/scripted_ipam.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "base/error.h"
#include "base/file.h"

namespace cni::test {
namespace {

constexpr const char* script = R"(#!/bin/sh
echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME" >> /mnt/calls
if [ -e "/mnt/on-$CNI_COMMAND" ]; then . "/mnt/on-$CNI_COMMAND"; fi
)";

void write_file(const std::string& path, const std::string& text, mode_t mode) {
    const Fd file = open_at(AT_FDCWD, path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, mode, path);
    write_all(file.get(), text, path);
}

}  // namespace

ScriptedIpam::ScriptedIpam() {
    checked(::mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"), "mount on ", dir);
    write_file(cat(dir, "/", type), script, 0755);
}

ScriptedIpam::~ScriptedIpam() {
    ::umount2(dir, MNT_DETACH);
}

void ScriptedIpam::on(const std::string& command, const std::string& shell) const {
    write_file(cat(dir, "/on-", command), shell + "\n", 0644);
}

void ScriptedIpam::answer(const std::string& result) const {
    on("ADD", cat("cat <<'END'\n", result, "\nEND"));
}

std::vector<std::string> ScriptedIpam::calls() const {
    const std::string log = read_file(cat(dir, "/calls"), 1u << 20).value_or("");
    std::vector<std::string> lines;
    for (const std::string_view line : split(log, '\n'))
        if (!line.empty()) lines.emplace_back(line);
    return lines;
}

}  // namespace cni::test
