// Kept results: what can be read can be stored again and reads the same; no file keeps the others
// from being listed.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "attempt.h"
#include "runtime/cache.h"
#include "scratch_dir.h"

namespace {

void expect_round_trip(const cni::ResultCache& cache, const cni::NetworkList& list,
                       const cni::RuntimeConf& conf) {
    const auto first = cache.load(list, conf);
    if (!first) std::abort();
    try {
        cache.store(list, conf, *first);
    } catch (const cni::Error& error) {
        // Not every version can express what another one can.
        if (error.code == cni::Code::invalid_config) return;
        throw;
    }
    if (cache.load(list, conf)->result != first->result) std::abort();
}

void expect_listed(const cni::ResultCache& cache) {
    for (const cni::RuntimeConf& found : cache.attachments("net"))
        if (found.ifname.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const cni::fuzz::ScratchDir dir;
    static const cni::ResultCache cache(dir.path());
    static const auto list =
        cni::NetworkList::parse(R"({"cniVersion":"1.1.0","name":"net","plugins":[{"type":"a"}]})");
    static const cni::RuntimeConf conf{
        .container_id = "c1", .netns = "/n", .ifname = "eth0", .args = {}, .capability_args = {}};
    dir.make_dir("results");
    dir.write("results/net-c1-eth0", {reinterpret_cast<const char*>(data), size});
    expect_listed(cache);
    cni::fuzz::attempt([&] { expect_round_trip(cache, list, conf); });
    return 0;
}
