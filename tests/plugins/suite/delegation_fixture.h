#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.h"
#include "cni/delegate.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/thrown.h"

namespace cni::test {

inline constexpr const char* config =
    "{\"cniVersion\": \"1.1.0\",  \"name\": \"net\", \"ipam\": {\"type\": \"fake\"} }\n";
inline constexpr const char* one_address = R"({"ips": [{"address": "10.1.2.3/24"}]})";

// Written by a process of its own: any process forked while a script is open for writing could
// not execute it.
inline void write_script(const std::string& path, const std::string& body,
                         const char* mode = "0755") {
    output_of({"sh", "-c", cat("cat >", path, " && chmod ", mode, " ", path)},
              cat("#!/bin/sh\n", body, "\n"));
}

class Delegation : public SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        begin_program();
        output_of({"mkdir", "/run/a", "/run/b"});
        ::setenv("CNI_COMMAND", "CHECK", 1);
        ::setenv("CNI_PATH", "/run/a", 1);
    }

    static void fake(const std::string& body) { write_script("/run/a/fake", body); }
    static void fake_printing(const std::string& text) {
        fake(cat("cat <<'END'\n", text, "\nEND"));
    }

    static Request request(const std::string& text = config) {
        return {Args::from_environment(), NetConf::parse(text)};
    }
    static Result add(const Request& r) {
        Ipam ipam(r);
        Ipam::Allocation allocation = ipam.start_add();
        Result result = allocation.finish();
        allocation.confirm();
        return result;
    }
    static Result add() { return add(request()); }
    /// "" or what it failed for.
    static std::string attempt_add() {
        try {
            add();
            return "";
        } catch (const Error& error) {
            return error.what();
        }
    }
    static Error add_error() {
        return thrown([] { add(); });
    }
    static std::string content_of(const std::string& path) {
        return read_file(path, 1 << 20).value_or("(no such file)");
    }
};

// The plugin's process id, from a pipe it opens once it runs.
inline pid_t announced_pid() {
    const Fd pipe = open_at(AT_FDCWD, "/run/pid", O_RDONLY, 0, "/run/pid");
    return parse_int<pid_t>(trim(read_all(pipe.get(), 100, "/run/pid"))).value();
}

}  // namespace cni::test
