// What names a device, and what is written down of one that is lent.
#include <gtest/gtest.h>
#include <linux/if.h>

#include "plugins/host-device/config.h"
#include "plugins/host-device/loan.h"
#include "support/thrown.h"

namespace cni::host_device {
namespace {

Config parse(const std::string& keys) {
    return parse_config(NetConf::parse(R"({"cniVersion": "1.0.0", "name": "net1")" + keys + "}"));
}

std::string refusal(const std::string& keys) {
    return test::thrown([&] { parse(keys); }).msg;
}

TEST(HostDeviceConfig, OfSeveralSelectorsTheFirstIsLookedAt) {
    const Config by_name = parse(R"(, "device": "m0", "hwaddr": 5, "kernelpath": "x")");
    EXPECT_EQ(by_name.device, "m0");
    EXPECT_TRUE(by_name.address.bytes.empty());
    const Config by_address = parse(R"(, "device": "", "hwaddr": "02:00:00:00:00:01",
                                       "kernelpath": "x", "pciBusID": "0000:00:1f.6")");
    EXPECT_EQ(by_address.address.to_string(), "02:00:00:00:00:01");
    EXPECT_EQ(by_address.kernel_path, "");
    EXPECT_EQ(by_address.pci_id, "0000:00:1f.6");
}

TEST(HostDeviceConfig, KernelPathsAreCleaned) {
    const auto path = [](const std::string& text) {
        return parse(cat(R"(, "kernelpath": ")", text, "\"")).kernel_path;
    };
    EXPECT_EQ(path("/sys/devices/pci0000:00/x"), "pci0000:00/x");
    EXPECT_EQ(path("//sys/./devices//a/../../devices/b/"), "b");
    for (const char* outside : {"/sys/devices", "/sys/devices/..", "/sys/devices/../class/net",
                                "../sys/devices/x", "sys/devices/x", "/", ".."})
        EXPECT_EQ(refusal(cat(R"(, "kernelpath": ")", outside, "\"")),
                  cat("kernel device path \"", outside,
                      "\" must be absolute and begin with /sys/devices/"));
}

TEST(HostDeviceConfig, WhatTheRuntimeSaysNeedNotStandInTheFile) {
    const std::string none =
        "specify either \"device\", \"hwaddr\", \"kernelpath\" or \"pciBusID\"";
    EXPECT_EQ(refusal(""), none);
    EXPECT_EQ(refusal(R"(, "runtimeConfig": {"deviceID": ""})"), none);
    EXPECT_TRUE(parse(R"(, "capabilities": {"deviceID": true})").names_none());
    EXPECT_EQ(parse(R"(, "runtimeConfig": {"deviceID": "mlx5_core.sf.4"})").device_id,
              "mlx5_core.sf.4");
    EXPECT_EQ(refusal(R"(, "runtimeConfig": {"deviceID": "../x"})"),
              "runtime config DeviceID ../x not found or unsupported");
}

Loan some_loan() {
    Loan loan{.network = "net1", .attachment = {"c1", "eth0"}, .netns = "/run/netns/c1"};
    loan.place = {.boot_id = "b", .netns_cookie = 7, .netns_inode = 8, .ifindex = 9};
    Link& device = loan.device;
    device.index = 5;
    device.name = "m0";
    device.alias = "\"quoted\"";
    device.kind = OtherKind{"vlan"};
    device.address = LinkAddress::parse("02:00:00:00:00:01").value();
    device.permanent_address = LinkAddress::parse("02:00:5e:10:00:00:00:01").value();
    device.hardware = "pci/0000:00:1f.6";
    device.mtu = 9000;
    device.flags = IFF_UP;
    device.parent = {.index = 3, .is_elsewhere = true, .netnsid = 0};
    return loan;
}

TEST(HostDeviceLoan, ReadsBackWhatWasWritten) {
    const Loan loan = some_loan(), read = Loan::parse(loan.print(), "the file");
    EXPECT_EQ(read.print(), loan.print());
    EXPECT_EQ(read.attachment, loan.attachment);
    EXPECT_EQ(read.place, loan.place);
    EXPECT_EQ(read.device.kind_name(), "vlan");
    EXPECT_EQ(read.device.permanent_address, loan.device.permanent_address);
    EXPECT_TRUE(read.device.is_up());
    EXPECT_EQ(read.device.parent.netnsid, 0);
    Loan bare = some_loan();
    bare.device = {.name = "m0"};
    EXPECT_EQ(Loan::parse(bare.print(), "the file").print(), bare.print());
}

TEST(HostDeviceLoan, OneThatMakesNoSenseIsRefused) {
    const std::string whole = some_loan().print();
    for (const auto& [part, other] : std::vector<std::pair<std::string, std::string>>{
             {"\"m0\"", "\"../m0\""},
             {"\"m0\"", "\"\""},
             {"9000", "-1"},
             {"\"up\": true", "\"up\": 1"},
             {"\"device\"", "\"no-device\""},
             {"\"ifindex\": 9", "\"ifindex\": \"9\""}}) {
        std::string broken = whole;
        broken.replace(broken.find(part), part.size(), other);
        const Error error = test::thrown([&] { Loan::parse(broken, "the file"); });
        EXPECT_EQ(error.msg, "record of a loan the file is garbled") << broken;
        EXPECT_EQ(error.code, Code::decoding_failure);
    }
}

}  // namespace
}  // namespace cni::host_device
