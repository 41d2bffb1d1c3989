// The configuration on stdin: every reader returns or throws an Error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "attempt.h"
#include "cni/args.h"
#include "cni/config.h"

namespace {

using cni::fuzz::attempt;

void read_all_keys(const cni::NetConf& conf) {
    attempt([&] { conf.ipam_type(); });
    attempt([&] { conf.dns(); });
    attempt([&] { conf.prev_result(); });
    attempt([&] { conf.runtime_config("mac"); });
    attempt([&] { conf.cni_args_config("ips"); });
    attempt([&] {
        const auto attachments = conf.valid_attachments();
        for (const auto& id : attachments.value_or(std::vector<cni::AttachmentId>{}))
            if (id.container_id.empty() || id.ifname.empty()) std::abort();
    });
    conf.prev_result_if_readable();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    attempt([&] {
        const std::string text(reinterpret_cast<const char*>(data), size);
        const auto conf = cni::NetConf::parse(text);
        if (!cni::is_valid_identifier(conf.name) || conf.text != text) std::abort();
        read_all_keys(conf);
    });
    return 0;
}
