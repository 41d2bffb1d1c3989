// Names that would lead out of the directories of state, and links planted in them.
#include "plugins/suite/hostile_fixture.h"

#include "base/file.h"
#include "base/hash.h"

namespace cni::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* leading_out[] = {"../../../../run/victim", "..",       "/run/victim",
                                       "net1/../../victim",      "../net1/", "net1/"};
constexpr const char* commands[] = {"ADD", "DEL", "CHECK"};

class HostileNames : public HostileTest {
protected:
    /// Every plugin refuses each command with this code and a message that names what is wrong.
    void expect_refused(const json& config, const json& environment, int code,
                        const std::string& message) const {
        for (const std::string& name : plugins())
            for (const char* command : commands) {
                const PluginRun run = plugin(name, command, config, environment);
                EXPECT_EQ(run.error_code(), code) << name << command << run.report();
                EXPECT_THAT(run.error_message(), HasSubstr(message)) << name << command;
            }
        expect_untouched(cat(config.dump(), environment.dump()));
        EXPECT_EQ(shell("ls -A /var/lib/cni"), "");
    }
};

TEST_F(HostileNames, OfNetworks) {
    for (const char* name : leading_out) {
        json named = config();
        named["name"] = name;
        expect_refused(named, json::object(), 7, "invalid characters found in network name");
    }
}

TEST_F(HostileNames, OfContainers) {
    for (const char* id : leading_out)
        expect_refused(config(), {{"id", id}}, 4, "invalid characters in containerID");
}

TEST_F(HostileNames, OfInterfaces) {
    for (const char* ifname : {"../victim", "..", ".", "a/../b", "/run/victim"})
        expect_refused(config(), {{"ifname", ifname}}, 4, "interface name");
}

TEST_F(HostileNames, OfIpamPlugins) {
    shell("printf '#!/bin/sh\\ntouch /run/victim/ran\\n' >/run/evil; chmod 755 /run/evil");
    for (const char* type : {"../../../../../../../../run/evil", "/run/evil", "..", "."})
        for (const char* name :
             {"bridge", "ptp", "macvlan", "ipvlan", "vlan", "dummy", "host-device", "tap"})
            for (const char* command : commands) {
                const PluginRun run = plugin(
                    name, command,
                    layer2({{"master", "lo"}, {"device", "lo"}, {"ipam", {{"type", type}}}}));
                EXPECT_FALSE(run.ok()) << name << command << type;
                if (std::string_view(command) != "CHECK") {
                    EXPECT_THAT(run.error_message(), HasSubstr(type)) << name << command;
                }
                expect_untouched(type);
            }
}

TEST_F(HostileNames, OfBridges) {
    for (const char* name : {"../../../../run/victim", "..", "a/b", "conf/../../x"}) {
        const PluginRun run = try_add(*container_, layer3({{"bridge", name}}));
        EXPECT_EQ(run.error_code(), 7) << name << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(cat("bridge \"", name))) << name;
        EXPECT_TRUE(leases().empty()) << name;
    }
}

TEST_F(HostileNames, OfKernelParameters) {
    make_interface();
    const std::string hostname = sysctl("kernel/hostname");
    for (const char* key :
         {"net/../kernel/hostname", "net.ipv4.../../kernel/hostname", "kernel.hostname",
          "net/ipv4/conf/../../../kernel/hostname", "net.ipv4.conf.../../x.forwarding",
          "/proc/sys/kernel/hostname", "net/ipv4/conf/eth0/../../../../kernel/hostname"}) {
        const PluginRun run = tuning("ADD", {{"sysctl", {{key, "hostile"}}}});
        EXPECT_FALSE(run.ok()) << key;
        // As it is written, or as the file it would be.
        EXPECT_THAT(run.error_message(),
                    AnyOf(HasSubstr("invalid net sysctl key"), HasSubstr("open /proc/sys/net/")))
            << key << run.report();
        EXPECT_EQ(sysctl("kernel/hostname"), hostname) << key;
        EXPECT_FALSE(read_file("/run/cni/tuning/c1_eth0.json", 4096)) << key;
    }
}

TEST_F(HostileNames, OfRecordedKernelParameters) {
    make_interface();
    shell("mkdir -p -m 700 /run/cni/tuning");
    const std::string hostname = sysctl("kernel/hostname");
    for (const char* key : {"net/../kernel/hostname", "../../run/victim/file", "kernel/hostname",
                            "net/ipv4/../../../../run/victim/file"}) {
        output_of({"tee", "/run/cni/tuning/c1_eth0.json"},
                  json({{"sysctl", {{key, "hostile"}}}}).dump());
        const PluginRun run = tuning("DEL");
        EXPECT_EQ(run.error_code(), 6) << key << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr("/run/cni/tuning/c1_eth0.json is garbled"));
        EXPECT_EQ(sysctl("kernel/hostname"), hostname) << key;
        expect_untouched(key);
        EXPECT_TRUE(tuning("DEL").ok()) << key;
    }
}

TEST_F(HostileNames, OfValidAttachmentsMeanNothingButThemselves) {
    make_interface();
    ASSERT_TRUE(host_local("ADD").ok());
    ASSERT_TRUE(tuning("ADD").ok());
    json valid = json::array();
    for (const char* id : leading_out) valid.push_back({{"containerID", id}, {"ifname", "../x"}});
    const json keys = {{"cniVersion", "1.1.0"}, {"cni.dev/valid-attachments", valid}};
    EXPECT_TRUE(host_local("GC", keys).ok());
    EXPECT_TRUE(tuning("GC", keys).ok());
    EXPECT_TRUE(leases().empty());
    EXPECT_EQ(shell("ls -A /run/cni/tuning"), "");
}

TEST_F(HostileNames, OfNetworksAndInterfacesToldToCnitool) {
    for (const char* name : leading_out) {
        write_conflist(
            json({{"cniVersion", "1.0.0"}, {"name", name}, {"plugins", {{{"type", "static"}}}}})
                .dump());
        for (const char* verb : {"add", "check", "del"}) {
            const Finished finished = tool({verb, name, container_->path()});
            EXPECT_EQ(finished.exit_code(), 1) << name << verb;
            EXPECT_THAT(finished.err, HasSubstr("network name")) << name << verb;
        }
        EXPECT_EQ(tool({"validate"}).exit_code(), 1) << name;
    }
    write_conflist(
        json({{"cniVersion", "1.0.0"}, {"name", "net1"}, {"plugins", {{{"type", "debug"}}}}})
            .dump());
    for (const char* ifname : {"../victim", "..", "a/../b"})
        for (const char* verb : {"add", "check", "del"}) {
            const Finished finished = tool({verb, "net1", container_->path(), "-i", ifname});
            EXPECT_EQ(finished.exit_code(), 1) << ifname << verb;
            EXPECT_THAT(finished.err, HasSubstr("interface name")) << ifname << verb;
        }
    EXPECT_EQ(shell("ls -A /var/lib/cni"), "");
}

TEST_F(HostileNames, OfPluginsToldToCnitool) {
    shell("printf '#!/bin/sh\\ntouch /run/victim/ran\\n' >/run/evil; chmod 755 /run/evil");
    for (const char* type : {"../../../../../../../../run/evil", "/run/evil", "."}) {
        write_conflist(
            json({{"cniVersion", "1.0.0"}, {"name", "net1"}, {"plugins", {{{"type", type}}}}})
                .dump());
        for (const char* verb : {"add", "del", "check"}) {
            const Finished finished = tool_on_container(verb);
            EXPECT_EQ(finished.exit_code(), 1) << type << verb;
            EXPECT_THAT(finished.err, HasSubstr(type)) << verb;
        }
        EXPECT_EQ(tool({"version", "-p", type}).exit_code(), 1) << type;
    }
}

TEST_F(HostileNames, OfFilesToReadCannotHoldAnythingUp) {
    shell("mkfifo /run/fifo");
    // The end of a FIFO nobody writes to; what has none is cut off.
    EXPECT_TRUE(host_local("ADD", {{"ipam", {{"resolvConf", "/run/fifo"}}}}).ok());
    EXPECT_TRUE(host_local("DEL").ok());
    EXPECT_THAT(host_local("ADD", {{"ipam", {{"resolvConf", "/dev/zero"}}}}).error_message(),
                HasSubstr("/dev/zero is larger than"));
    for (const char* netns : {"/run/fifo", "/dev/zero", victim_file, victim}) {
        const PluginRun run = plugin("loopback", "ADD", config(), {{"netns", netns}});
        EXPECT_EQ(run.error_code(), 8) << netns << run.report();
        EXPECT_THAT(run.error_message(), HasSubstr(netns));
    }
}

class HostileLinks : public HostileTest {
protected:
    using Strings = std::vector<std::string>;

    /// Each command fails with a message that names `path`, and nothing behind a link is touched.
    template <typename Call>
    void expect_refused(const Strings& some, const std::string& path, Call call) const {
        for (const std::string& command : some) {
            const PluginRun run = call(command);
            EXPECT_FALSE(run.ok()) << command;
            EXPECT_THAT(run.error_message(), HasSubstr(path)) << command << run.report();
            expect_untouched(cat(command, " with a link at ", path));
        }
    }
    void expect_leases_refused(const std::string& path, const json& keys = json::object()) const {
        json whole = {{"cni.dev/valid-attachments", json::array()}};
        whole.merge_patch(keys);
        expect_refused({"ADD", "CHECK", "DEL", "GC", "STATUS"}, path,
                       [&](const auto& command) { return host_local(command, whole); });
    }
    void expect_backups_refused(const std::string& path, const json& keys) const {
        json whole = {{"cniVersion", "1.1.0"},
                      {"prevResult", {{"cniVersion", "1.1.0"}}},
                      {"cni.dev/valid-attachments", json::array()}};
        whole.merge_patch(keys);
        expect_refused({"ADD", "DEL", "GC"}, path,
                       [&](const auto& command) { return tuning(command, whole); });
    }
};

TEST_F(HostileLinks, InPlaceOfTheLeaseDirectory) {
    plant_link(lease_dir, cat(victim, "/net1"));
    expect_leases_refused(lease_dir);
}

TEST_F(HostileLinks, InPlaceOfTheDataDirectoryWhereOthersMayWrite) {
    make_interface();
    shell("mkdir -m 777 /run/open; ln -s /run/victim /run/open/link");
    for (const char* dir : {"/run/open/link", "/run/open/link/net1", "/run/open/link/new/dir"}) {
        expect_leases_refused("/run/open/link", {{"ipam", {{"dataDir", dir}}}});
        expect_backups_refused("/run/open/link", {{"dataDir", dir}});
    }
}

TEST_F(HostileLinks, OfTheOperatorAreFollowed) {
    shell("mkdir /run/disk; ln -s /run/disk /run/leases; ln -s disk /run/backups");
    make_interface();
    EXPECT_TRUE(host_local("ADD", {{"ipam", {{"dataDir", "/run/leases/a"}}}}).ok());
    EXPECT_TRUE(tuning("ADD", {{"dataDir", "/run/backups"}}).ok());
    EXPECT_EQ(shell("ls /run/disk/a/net1/10.1.2.2 /run/disk/c1_eth0.json"),
              "/run/disk/a/net1/10.1.2.2\n/run/disk/c1_eth0.json\n");
    EXPECT_TRUE(tuning("DEL", {{"dataDir", "/run/backups"}}).ok());
    EXPECT_TRUE(host_local("DEL", {{"ipam", {{"dataDir", "/run/leases/a"}}}}).ok());
}

TEST_F(HostileLinks, InPlaceOfTheLock) {
    plant_link(cat(lease_dir, "/lock"));
    const std::string path = cat(lease_dir, "/lock");
    for (const char* command : {"ADD", "CHECK", "DEL"}) {
        EXPECT_THAT(host_local(command).error_message(), HasSubstr(path)) << command;
        expect_untouched(command);
    }
}

TEST_F(HostileLinks, InPlaceOfLeasesAndWhatLiesBesideThem) {
    for (const char* name : {"10.1.2.2", "fd00:1:2::2", "last_reserved_ip.1", ".new-lease"})
        plant_link(cat(lease_dir, "/", name));
    plant_link("/var/lib/cni/networks/.net1.cnixx-index");
    plant_link("/var/lib/cni/networks/.net1.cnixx-index.new");
    const json gc = {{"cni.dev/valid-attachments", json::array()}};
    for (int i = 0; i < 2; ++i) {
        const PluginRun added = host_local("ADD");
        EXPECT_THAT(added.out, AllOf(HasSubstr("10.1.2.3/24"), HasSubstr("fd00:1:2::3/64")));
        for (const auto& [command, keys] : {std::pair{"CHECK", json::object()},
                                            {"STATUS", json::object()},
                                            {"GC", gc},
                                            {"ADD", json::object()},
                                            {"DEL", json::object()}}) {
            const PluginRun run = host_local(command, keys);
            EXPECT_TRUE(run.ok()) << command << run.report();
            expect_untouched(command);
        }
        shell("rm -f /var/lib/cni/networks/net1/last_reserved_ip.*");
    }
    // What stands in place of a lease keeps the address, whatever it is.
    EXPECT_EQ(shell(cat("readlink ", lease_dir, "/10.1.2.2")), cat(victim_file, "\n"));
}

TEST_F(HostileLinks, InPlaceOfTheLastAddressGiven) {
    const std::string path = cat(lease_dir, "/last_reserved_ip.0");
    plant_link(path);
    const PluginRun run = host_local("ADD");
    if (!run.ok()) {
        EXPECT_THAT(run.error_message(), HasSubstr(path));
    }
    expect_untouched("ADD");
    EXPECT_TRUE(host_local("DEL").ok());
    EXPECT_TRUE(leases().empty());
}

TEST_F(HostileLinks, InPlaceOfTuningsBackup) {
    make_interface();
    const std::string path = "/run/cni/tuning/c1_eth0.json";
    plant_link(path);
    shell("chmod 700 /run/cni/tuning");
    const PluginRun added = tuning("ADD");
    EXPECT_EQ(added.error_message(), cat(path, " is a symbolic link"));
    EXPECT_EQ(link(*container_, "eth0")["mtu"], 1500);
    EXPECT_TRUE(tuning("GC", {{"cniVersion", "1.1.0"},
                              {"cni.dev/valid-attachments", json::array()},
                              {"prevResult", nullptr}})
                    .ok());
    expect_untouched("ADD and GC");
    // The link is reported once, and is gone then.
    EXPECT_EQ(tuning("DEL").error_message(), added.error_message());
    EXPECT_TRUE(tuning("DEL").ok());
    plant_link("/run/cni/tuning/.c1_eth0.json.tmp");
    plant_link(cat("/run/cni/tuning/.", sha512_hex("tuning/c1/eth0").substr(0, 64), ".tmp"));
    EXPECT_TRUE(tuning("ADD").ok());
    expect_untouched("ADD with a link in place of the temporary file");
    EXPECT_TRUE(tuning("DEL").ok());
}

TEST_F(HostileLinks, InPlaceOfKeptResults) {
    write_conflist(
        json({{"cniVersion", "1.1.0"}, {"name", "net1"}, {"plugins", {{{"type", "loopback"}}}}})
            .dump());
    const std::string folder = "/var/lib/cni/results";
    const std::string name =
        cat("net1-cnitool-", sha512_hex(container_->path()).substr(0, 20), "-eth0");
    plant_link(folder, victim);
    for (const char* verb : {"add", "check", "del", "gc"}) {
        EXPECT_THAT(tool_on_container(verb).err, HasSubstr(folder)) << verb;
        expect_untouched(verb);
    }
    shell(cat("rm ", folder));
    // What cannot be read keeps nobody from deleting.
    for (const char* verb : {"del", "gc", "add"}) {
        plant_link(cat(folder, "/", name));
        plant_link(cat(folder, "/.", name, ".tmp"));
        EXPECT_THAT(tool_on_container("check").err, HasSubstr(cat(folder, "/", name))) << verb;
        const Finished finished = tool_on_container(verb);
        EXPECT_TRUE(finished.ok()) << verb << finished.err;
        expect_untouched(verb);
    }
    EXPECT_TRUE(tool_on_container("del").ok());
    EXPECT_EQ(shell(cat("ls -A ", folder)), "");
}

TEST_F(HostileLinks, InPlaceOfDebugsRecord) {
    plant_link("/run/record");
    const PluginRun run = plugin("debug", "ADD", layer2({{"cniOutput", "/run/record"}}));
    EXPECT_TRUE(run.ok()) << run.report();
    EXPECT_THAT(run.err, HasSubstr("/run/record"));
}

TEST_F(HostileLinks, InPlaceOfIptablesLock) {
    plant_link("/run/xtables.lock");
    const PluginRun run =
        try_add(*container_, layer3({{"ipMasq", true}, {"ipMasqBackend", "iptables"}}));
    // Hosts that work with nf_tables know no such lock.
    if (!run.ok()) {
        EXPECT_THAT(run.error_message(), HasSubstr("/run/xtables.lock"));
    }
    del(*container_, layer3());
}

class HostileModes : public HostileTest {};

TEST_F(HostileModes, OfDirectoriesOfState) {
    make_interface();
    for (const auto& [mode, is_fine] : {std::pair{"0755", true},
                                        {"0700", true},
                                        {"0775", true},
                                        {"0757", false},
                                        {"0777", false},
                                        {"1777", false}}) {
        shell(cat("mkdir -p ", lease_dir, " /run/cni/tuning && chmod ", mode, " ", lease_dir,
                  " /run/cni/tuning && chgrp 0 ", lease_dir, " /run/cni/tuning"));
        for (const char* command : {"ADD", "DEL"}) {
            const PluginRun leased = host_local(command), tuned = tuning(command);
            EXPECT_EQ(leased.ok(), is_fine) << mode << command << leased.report();
            EXPECT_EQ(tuned.ok(), is_fine) << mode << command << tuned.report();
            if (is_fine) continue;
            EXPECT_EQ(leased.error_message(),
                      cat("directory ", lease_dir, " may be written to by others"));
            EXPECT_EQ(tuned.error_message(),
                      "directory /run/cni/tuning may be written to by others");
        }
    }
    shell(cat("chmod 755 ", lease_dir, " && chmod 777 /var/lib/cni/networks"));
    const PluginRun status = host_local("STATUS");
    EXPECT_EQ(status.error_code(), 50) << status.report();
    EXPECT_EQ(status.error_message(),
              "directory /var/lib/cni/networks may be written to by others");
    shell("chmod 1777 /var/lib/cni/networks");
    EXPECT_TRUE(host_local("STATUS").ok());
    EXPECT_TRUE(host_local("ADD").ok());
}

TEST_F(HostileModes, OfWhatIsMadeDoNotDependOnTheMask) {
    write_conflist(
        json({{"cniVersion", "1.1.0"},
              {"name", "net1"},
              {"plugins", {layer3(), {{"type", "tuning"}, {"mtu", 1400}}, {{"type", "portmap"}}}}})
            .dump());
    for (const char* verb : {"add", "del", "add"}) {
        Program program = tool_program({verb, "net1", container_->path()});
        program.prepare = [] { ::umask(0); };
        const Finished finished = run(program);
        ASSERT_TRUE(finished.ok()) << verb << finished.err;
        EXPECT_EQ(shell("find /var/lib/cni /run/cni -type f -perm /177"), "") << verb;
        EXPECT_EQ(shell("find /var/lib/cni/* /run/cni -type d -perm /022"), "") << verb;
    }
    EXPECT_NE(shell("find /var/lib/cni/networks /var/lib/cni/results /run/cni -type f"), "");
}

}  // namespace
}  // namespace cni::test
