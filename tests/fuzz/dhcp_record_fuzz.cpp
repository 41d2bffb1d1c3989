// What a daemon finds of leases that an earlier one kept.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "attempt.h"
#include "ipam/dhcp/daemon/lease_result.h"
#include "ipam/dhcp/daemon/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace dhcp = cni::dhcp;
    cni::fuzz::attempt([&] {
        const dhcp::Record record =
            dhcp::parse_record(std::string_view(reinterpret_cast<const char*>(data), size));
        if (dhcp::parse_record(dhcp::print(record)) != record) std::abort();
        if (record.lease) dhcp::result_of(*record.lease, record.priority).print("1.1.0");
    });
    return 0;
}
