#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/release.h"
#include "support/plugin_run.h"
#include "support/process.h"
#include "support/recording.h"
#include "support/sandbox.h"

namespace cni::test {

/// A host with plugins of somebody else in `bin` and a network list in `net.d`, and a folder
/// `image` with cnitool and two of our plugins.
class InstallTest : public SandboxTest {
protected:
    using Files = std::map<std::string, std::string>;  ///< path to mode and content
    static constexpr const char* list = R"({
  "cniVersion": "1.0.0", "name": "pods",
  "plugins": [{"type": "loopback", "ipam": {"type": "host-local"}}]
}
)";

    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        for (const char* name : {"cnitool", "host-local", "loopback"}) {
            dir_.write(cat("image/", name), "");
            std::filesystem::copy_file(cat(bin_dir(), "/", name), path(cat("image/", name)),
                                       std::filesystem::copy_options::overwrite_existing);
        }
        dir_.write("template/10-pods.conflist", list);
        write_plugin("host-local", "CNI host-local plugin v1.1.1");
        write_plugin("other", "CNI other plugin v1.1.1");
        dir_.write("net.d/10-pods.conflist", "{}\n");
        dir_.write("net.d/99-other.conf", "{}\n");
        before_ = host();
    }

    std::string path(const std::string& name) const { return cat(dir_.path(), "/", name); }
    /// A plugin that says this when it is asked who it is.
    void write_plugin(const std::string& name, const std::string& said) const {
        write_program(cat("bin/", name), said);
    }
    /// One in the image that says that it is ours, with a remark that makes it another file.
    void write_ours(const std::string& name, const std::string& remark) const {
        write_program(cat("image/", name), cat("CNI ", name, " plugin v", reference_release,
                                               "\ncnixx ", release, "\n", remark));
    }
    void write_program(const std::string& name, const std::string& said) const {
        const std::string file = dir_.write(name, cat("#!/bin/sh\necho '", said, "' >&2\n"));
        checked(::chmod(file.c_str(), 0755), "chmod ", file);
    }
    /// cnitool of the image, on this host.
    Program tool(const std::string& command, const std::vector<std::string>& words) const {
        Program program{.argv = {path("image/cnitool"), command, "--bin-dir", path("bin"),
                                 "--conf-dir", path("net.d")}};
        program.argv.insert(program.argv.end(), words.begin(), words.end());
        return program;
    }
    Finished install(const std::vector<std::string>& words) const {
        return run(tool("install", words));
    }
    Finished uninstall() const { return run(tool("uninstall", {})); }
    /// The list with them.
    std::vector<std::string> with_list() const {
        return {"--conflist", path("template/10-pods.conflist"), "--pod-cidr",
                "10.244.3.0/24,fd00:3::/64"};
    }

    /// What programs find in the two directories.
    Files host() const {
        Files files;
        for (const char* folder : {"bin", "net.d"})
            for (const std::string& name : dir_.names(folder))
                if (name != ".cnixx")
                    files[cat(folder, "/", name)] = describe(cat(folder, "/", name));
        return files;
    }
    std::string describe(const std::string& name) const {
        struct stat status {};
        checked(::lstat(path(name).c_str(), &status), "stat ", name);
        if (S_ISLNK(status.st_mode))
            return cat("to ", std::filesystem::read_symlink(path(name)).string());
        return cat(status.st_mode & 07777, " ", shortened(dir_.read(name)));
    }
    std::string installed(const std::string& name) const {
        return cat(0755, " ", shortened(dir_.read(cat("image/", name))));
    }
    /// So that a failure can be read.
    static std::string shortened(const std::string& content) {
        if (content.size() < 1000) return content;
        return cat(content.size(), " bytes, ", sha512_hex(content).substr(0, 16));
    }
    bool is_forgotten() const { return !dir_.has("bin/.cnixx") && !dir_.has("net.d/.cnixx"); }

    TempDir dir_;
    Files before_;
};

}  // namespace cni::test
