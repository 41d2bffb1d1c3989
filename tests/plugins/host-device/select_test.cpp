// Devices that sysfs tells of, on a tree that is made up.
#include "fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

/// /sys with what a test makes of it, and nothing else.
class HostDeviceSelect : public HostDeviceTest {
protected:
    static constexpr const char* pci = "/sys/devices/pci0000:00/0000:00:1f.6";

    void SetUp() override {
        HostDeviceTest::SetUp();
        if (IsSkipped()) return;
        shell(R"(mount -t tmpfs sys /sys
                 cd /sys; mkdir -p bus/pci/devices bus/auxiliary/devices bus/pci/drivers/vfio-pci
                 mkdir -p bus/pci/drivers/e1000e devices/pci0000:00/0000:00:1f.6
                 cd bus/pci/devices
                 ln -s ../../../devices/pci0000:00/0000:00:1f.6 0000:00:1f.6
                 ln -s ../../../bus/pci/drivers/e1000e 0000:00:1f.6/driver)");
    }
    void TearDown() override {
        if (!IsSkipped()) shell("umount /sys");
    }
    /// In the folder of the PCI device.
    static void in_device(const std::string& commands) { shell(cat("cd ", pci, "; ", commands)); }

    json by(const json& keys) const {
        json config = lending({{"device", nullptr}});
        config.merge_patch(keys);
        return config;
    }
    json by_runtime(const std::string& id, const json& keys = json::object()) const {
        json config =
            by({{"capabilities", {{"deviceID", true}}}, {"runtimeConfig", {{"deviceID", id}}}});
        config.merge_patch(keys);
        return config;
    }
    void expect_lent(const json& config) const {
        const TestNetns c("c1");
        const json result = add(c, config);
        EXPECT_EQ(link(c, "eth0")["ifalias"], "uplink") << config;
        expect_sound(c, config, result);
        del(c, config);
        EXPECT_FALSE(link("uplink").is_null()) << config;
    }
    void expect_not_found(const json& config, const std::string& message) const {
        expect_refused(config, 999, message);
        const PluginRun status = call("STATUS", config);
        EXPECT_EQ(status.error_code(), 50) << status.report();
        EXPECT_EQ(status.error_message(), message);
    }
};

TEST_F(HostDeviceSelect, ByPciBusId) {
    in_device("mkdir -p net/uplink net/zulu");
    expect_lent(by({{"pciBusID", "0000:00:1f.6"}}));
    expect_lent(by_runtime("0000:00:1f.6"));
    // It counts more than what the configuration says of a bus.
    expect_lent(by_runtime("0000:00:1f.6", {{"pciBusID", "0000:00:99.0"}}));
}

TEST_F(HostDeviceSelect, ByPciBusIdOfVirtio) {
    in_device("mkdir -p virtio2/block virtio3/net/uplink");
    expect_lent(by({{"pciBusID", "0000:00:1f.6"}}));
}

TEST_F(HostDeviceSelect, ByKernelPath) {
    in_device("mkdir -p net/uplink");
    for (const char* path : {"", "/", "/./", "/x/..", "//net/.."})
        expect_lent(by({{"kernelpath", cat(pci, path)}}));
}

TEST_F(HostDeviceSelect, ByAuxiliaryDevice) {
    shell(R"(mkdir -p /sys/devices/pci0000:00/x/mlx5_core.sf.4/net/uplink
             ln -s ../../../devices/pci0000:00/x/mlx5_core.sf.4 /sys/bus/auxiliary/devices/)");
    expect_lent(by_runtime("mlx5_core.sf.4"));
    expect_lent(by_runtime("mlx5_core.sf.4", {{"pciBusID", "0000:00:99.0"}}));
}

TEST_F(HostDeviceSelect, ByNameWhateverTheRuntimeSays) {
    expect_lent(by_runtime("0000:00:1f.6", {{"device", "uplink"}}));
}

TEST_F(HostDeviceSelect, WhatIsNotThere) {
    const std::string none = "failed to find host device: ";
    expect_not_found(by({{"pciBusID", "0000:00:1f.6"}}),
                     cat(none, "no net directory under pci device 0000:00:1f.6"));
    expect_not_found(by({{"kernelpath", pci}}), cat(none, "failed to read directory ", pci,
                                                    "/net: \"No such file or directory\""));
    in_device("mkdir net");
    for (const json& keys : {json{{"kernelpath", pci}}, json{{"pciBusID", "0000:00:1f.6"}}})
        EXPECT_THAT(expect_refused(
                        by(keys), 999,
                        cat(none, "failed to find network device in path ",
                            keys.contains("kernelpath") ? cat(pci, "/net")
                                                        : "/sys/bus/pci/devices/0000:00:1f.6/net")),
                    HasSubstr("another network namespace"));
    in_device("mkdir net/gone");
    expect_not_found(by({{"pciBusID", "0000:00:1f.6"}}), cat(none, "Link not found"));
    expect_not_found(by_runtime("0000:00:99.0"),
                     "runtime config DeviceID 0000:00:99.0 not found or unsupported");
    expect_not_found(by({{"pciBusID", "0000:00:99.0"}}),
                     "error with host device: lstat /sys/bus/pci/devices/0000:00:99.0/driver: "
                     "No such file or directory");
    in_device("rm driver");
    expect_not_found(by({{"pciBusID", "0000:00:1f.6"}}),
                     "error with host device: lstat /sys/bus/pci/devices/0000:00:1f.6/driver: "
                     "No such file or directory");
}

TEST_F(HostDeviceSelect, NamesLeadNowhereElse) {
    shell("mkdir -p /sys/class/net/x/net/uplink /sys/net/uplink");
    for (const char* id : {"../../../class/net/x", "..", ".", "a/b", "a b", ".x"}) {
        expect_refused(by({{"pciBusID", id}}), 7,
                       cat("PCI device ", id, " not found or unsupported"));
        expect_refused(by_runtime(id), 7,
                       cat("runtime config DeviceID ", id, " not found or unsupported"));
    }
    for (const char* path : {"/sys/class/net/x", "/sys/devices/../class/net/x", "sys/devices/x",
                             "/sys/devices", "/sys/devices/", "/sys/devicesx/y", "/"})
        expect_refused(
            by({{"kernelpath", path}}), 7,
            cat("kernel device path \"", path, "\" must be absolute and begin with /sys/devices/"));
}

// A program drives it: there is nothing to move, and the addresses are the program's to use.
TEST_F(HostDeviceSelect, ADeviceOfAUserspaceDriverStaysWhereItIs) {
    for (const char* driver : {"vfio-pci", "uio_pci_generic", "igb_uio"}) {
        in_device(cat("rm driver; ln -s ../../../bus/pci/drivers/", driver, " driver"));
        const TestNetns c("c1");
        const Snapshot before = host_snapshot();
        const json config =
            by_runtime("0000:00:1f.6", {{"cniVersion", "1.1.0"}, {"device", "uplink"}});
        const json result = add(c, config);
        EXPECT_EQ(result["interfaces"],
                  json({{{"name", "eth0"}, {"sandbox", c.path()}, {"pciID", "0000:00:1f.6"}}}));
        EXPECT_EQ(result["ips"][0]["interface"], 0);
        EXPECT_EQ(result["ips"].size(), 2u);
        EXPECT_FALSE(link("uplink").is_null());
        EXPECT_TRUE(link(c, "eth0").is_null());
        expect_sound(c, config, result);
        const PluginRun status = call("STATUS", config);
        EXPECT_TRUE(status.ok()) << status.report();
        del(c, config);
        EXPECT_THAT(leases(), ::testing::IsEmpty());
        EXPECT_EQ(host_snapshot().links, before.links);
    }
}

// Hot unplug.
TEST_F(HostDeviceSelect, DelSucceedsWhenTheDeviceIsGone) {
    in_device("mkdir -p net/uplink");
    const TestNetns c("c1");
    const json config = by_runtime("0000:00:1f.6");
    const json result = add(c, config);
    shell("rm -r /sys/bus/pci/devices/* /sys/devices/*; ip -n c1 link delete eth0");
    const PluginRun check_run = check(c, config, result);
    EXPECT_EQ(check_run.error_message(),
              "runtime config DeviceID 0000:00:1f.6 not found or unsupported");
    for (int i = 0; i < 2; ++i) del(c, config);
    EXPECT_THAT(leases(), ::testing::IsEmpty());
    EXPECT_THAT(records(), ::testing::IsEmpty());
}

TEST_F(HostDeviceSelect, StatusCannotAskForWhatTheRuntimeWillSay) {
    const json config = by({{"capabilities", {{"deviceID", true}}}});
    const PluginRun run = call("STATUS", config);
    EXPECT_TRUE(run.ok()) << run.report();
    expect_refused(config, 7,
                   "specify either \"device\", \"hwaddr\", \"kernelpath\" or \"pciBusID\"");
}

}  // namespace
}  // namespace cni::test
