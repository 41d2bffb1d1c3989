// What the flannel daemon wrote, and what the flannel plugin has saved.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "attempt.h"
#include "plugins/flannel/record.h"
#include "plugins/flannel/subnet_env.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using cni::flannel::Record, cni::flannel::SubnetEnv;
    const std::string text(reinterpret_cast<const char*>(data), size);
    cni::fuzz::attempt([&] {
        const SubnetEnv env = SubnetEnv::parse(text, "the file");
        if (env.subnets.empty() || env.networks.empty()) std::abort();
    });
    cni::fuzz::attempt([&] {
        const Record record = Record::parse(text, "the file");
        if (record.type.empty() || record.type.find('/') != record.type.npos) std::abort();
        const std::string printed = record.print();
        if (Record::parse(printed, "the same").print() != printed) std::abort();
    });
    return 0;
}
