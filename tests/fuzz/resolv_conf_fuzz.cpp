// resolv.conf: what is read of it, written as such a file, reads the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "ipam/host-local/resolv_conf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const cni::Dns dns =
        cni::host_local::parse_resolv_conf({reinterpret_cast<const char*>(data), size});
    std::string text;
    for (const std::string& server : dns.nameservers) text += cni::cat("nameserver ", server, "\n");
    if (!dns.domain.empty()) text += cni::cat("domain ", dns.domain, "\n");
    if (!dns.search.empty()) text += cni::cat("search ", cni::join(dns.search, " "), "\n");
    if (!dns.options.empty()) text += cni::cat("options ", cni::join(dns.options, "\t"), "\n");
    if (cni::host_local::parse_resolv_conf(text) != dns) std::abort();
    return 0;
}
