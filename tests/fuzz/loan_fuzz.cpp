// What host-device has written down of a device that it lent.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "attempt.h"
#include "cni/args.h"
#include "plugins/host-device/loan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using cni::host_device::Loan;
    cni::fuzz::attempt([&] {
        const Loan loan =
            Loan::parse(std::string(reinterpret_cast<const char*>(data), size), "the file");
        if (!cni::is_ifname(loan.device.name)) std::abort();
        const std::string printed = loan.print();
        if (Loan::parse(printed, "the same").print() != printed) std::abort();
    });
    return 0;
}
