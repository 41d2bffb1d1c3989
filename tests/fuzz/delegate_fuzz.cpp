// What a plugin that was started printed. The first byte says how it ended and which version of the
// specification its configuration has: a result is taken whole, or there is an error that says why.
#include <sys/wait.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "attempt.h"
#include "cni/delegate.h"
#include "cni/plugin.h"
#include "cni/version.h"
#include "runtime/runtime.h"

namespace {
cni::Exit next_exit;
}

// In place of the library's: no process is started.
namespace cni {

std::string Exit::reason() const {
    return "some reason";
}
struct Execution::Start {};
Execution::Execution(std::vector<std::string>, std::vector<std::string>, const Stdio&) : pid_(-1) {}
Execution::Execution(Execution&&) noexcept = default;
Execution::~Execution() = default;
Child::Child(Child&&) noexcept = default;
Child::~Child() = default;
Child Child::spawn(std::vector<std::string>, std::vector<std::string>, const Limits& limits, int) {
    return Child({}, limits, Execution({}, {}, {}));
}
void Child::give(std::string_view) {}
const std::string& Child::await_output() {
    return next_exit.output;
}
Exit Child::wait() {
    return next_exit;
}

}  // namespace cni

namespace {

using cni::fuzz::attempt;

void add_addresses(const std::string& version) {
    const cni::Request request{
        {.command = "ADD", .container_id = "c1", .netns = "/x", .ifname = "eth0", .path = "/bin"},
        cni::NetConf::parse(
            cni::cat(R"({"name":"n","ipam":{"type":"sh"},"cniVersion":")", version, "\"}"))};
    cni::Ipam ipam(request);
    const cni::Result result = ipam.start_add().finish();
    if (result.ips.empty()) std::abort();
    const std::string text = result.print_compact("1.1.0");
    if (cni::Result::parse(cni::Json::parse(text, "result"), "1.1.0") != result) std::abort();
}

void run_as_runtime(const std::string& version) {
    const cni::Runtime runtime({.plugin_path = "/bin", .cache_base = "/nonexistent/cache"});
    const auto list = cni::NetworkList::parse(
        cni::cat(R"({"name":"n","plugins":[{"type":"sh"}],"cniVersion":")", version, "\"}"));
    const cni::RuntimeConf conf{
        .container_id = "c1", .netns = "/n", .ifname = "eth0", .args = {}, .capability_args = {}};
    attempt([&] { runtime.status(list); });
    attempt([&] {
        if (runtime.versions("sh").empty()) std::abort();
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    constexpr auto versions = cni::supported_versions;
    const std::string version(versions[data[0] / 2 % versions.size()]);
    next_exit.status = data[0] % 2 == 0 ? 0 : W_EXITCODE(1, 0);
    next_exit.output.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
    attempt([&] { add_addresses(version); });
    run_as_runtime(version);
    return 0;
}
