// Input that is too deep or too large, and descriptors that are not as they should be.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/hash.h"
#include "cni/json.h"
#include "plugins/suite/hostile_fixture.h"

namespace cni::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string repeated(std::string_view text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += text;
    return out;
}

/// JSON that a parser may choke on, whole and cut off.
struct Monster {
    std::string what, text;
};

std::vector<Monster> deep_ones() {
    constexpr std::size_t levels = 100'000;
    const std::string arrays = repeated("[", levels), objects = repeated("{\"a\":", levels);
    return {{"arrays", arrays + repeated("]", levels)},
            {"arrays without an end", arrays},
            {"objects", objects + "1" + repeated("}", levels)},
            {"objects without an end", objects},
            {"both", repeated("[{\"a\":", levels)}};
}

std::vector<Monster> huge_ones(std::size_t size) {
    return {{"numbers", cat("[", repeated("1,", size / 2 - 2), "1]")},
            {"empty arrays", cat("[", repeated("[],", size / 3 - 2), "[]]")},
            {"empty strings", cat("[", repeated("\"\",", size / 3 - 2), "\"\"]")},
            {"keys", cat("{", repeated("\"\":0,", size / 5 - 2), "\"\":0}")},
            {"one number", std::string(size, '7')},
            {"one string", cat("\"", std::string(size - 2, 'x'), "\"")},
            {"escapes", cat("\"", repeated("\\u0000", size / 6 - 1), "\"")},
            {"white space", std::string(size, ' ')}};
}

std::vector<Monster> all_too_much() {
    std::vector<Monster> out = deep_ones();
    out.push_back(huge_ones(max_json_size + 100).front());
    return out;
}

class HostileInput : public HostileTest {
protected:
    /// No program may need more than this for the largest document that is taken.
    static constexpr long most_memory = 128l << 20;

    static Program limited(Program program) {
        if (is_sanitized()) return program;
        program.prepare = [] {
            const rlimit limit{rlim_t{most_memory}, rlim_t{most_memory}};
            ::setrlimit(RLIMIT_AS, &limit);
        };
        return program;
    }
    PluginRun call(const std::string& name, const std::string& command,
                   const std::string& config) const {
        Process process =
            Process::start(limited(plugin_program(name, command, args(*container_), config)));
        return wait_for_plugin(process);
    }
    Finished limited_tool(const std::string& verb) const {
        return run(limited(tool_program({verb, "net1", container_->path()})));
    }
    /// A configuration with the text as the value of one more key.
    static std::string with(const std::string& key, const std::string& text,
                            const json& base = layer3()) {
        std::string config = base.dump();
        config.pop_back();
        return cat(config, ",\"", key, "\":", text, "}");
    }
    static void expect_sane(const Finished& finished, const std::string& what) {
        EXPECT_LE(finished.exit_code(), 1) << what << finished.err;
        if (!is_sanitized()) {
            EXPECT_LT(finished.max_rss, most_memory >> 10) << what;
        }
        for (const std::string* text : {&finished.out, &finished.err}) {
            EXPECT_THAT(*text, Not(HasSubstr("bad_alloc"))) << what;
            EXPECT_LT(text->size(), 10'000u) << what;
        }
    }
};

TEST_F(HostileInput, ThatIsDeepIsRefusedByEveryPlugin) {
    for (const Monster& monster : deep_ones())
        for (const std::string& name : plugins())
            for (const std::string& text :
                 {monster.text, with("x", monster.text), with("prevResult", monster.text)}) {
                const PluginRun run = call(name, "ADD", text);
                EXPECT_EQ(run.error_code(), 6) << name << monster.what;
                EXPECT_THAT(run.error_message(), HasSubstr("nested deeper than 128 levels"))
                    << name << monster.what;
                expect_sane(run, monster.what);
            }
    EXPECT_EQ(shell("ls -A /var/lib/cni"), "");
}

TEST_F(HostileInput, ThatIsHugeIsReadOrRefusedInBoundedMemory) {
    for (const Monster& monster : huge_ones(max_json_size - 2000)) {
        expect_sane(call("loopback", "ADD", with("prevResult", monster.text)), monster.what);
    }
    const PluginRun run = call("host-local", "ADD", all_too_much().back().text);
    EXPECT_EQ(run.error_code(), 5);
    EXPECT_EQ(run.error_message(), "stdin is larger than 4194304 bytes");
}

TEST_F(HostileInput, OfIpamPluginsIsRefused) {
    const ScriptedIpam ipam;
    for (const Monster& monster : all_too_much())
        for (const char* end : {"", "; exit 1"}) {
            output_of({"tee", "/mnt/text"}, monster.text);
            ipam.on("ADD", cat("cat /mnt/text", end));
            const PluginRun run = call("bridge", "ADD", scripted().dump());
            EXPECT_EQ(run.error_code(), 999) << monster.what;
            EXPECT_THAT(run.error_message(),
                        AnyOf(HasSubstr("nested deeper"), HasSubstr("larger than 4194304 bytes")))
                << monster.what;
            expect_sane(run, monster.what);
        }
    EXPECT_TRUE(link(*container_, "eth0").is_null());
}

TEST_F(HostileInput, InFilesOfStateIsRefused) {
    make_interface();
    write_conflist(
        json({{"cniVersion", "1.1.0"}, {"name", "net1"}, {"plugins", {{{"type", "loopback"}}}}})
            .dump());
    const std::string entry = cat("/var/lib/cni/results/net1-cnitool-",
                                  sha512_hex(container_->path()).substr(0, 20), "-eth0");
    shell("mkdir -p -m 700 /run/cni/tuning /var/lib/cni/results");
    for (const Monster& monster : all_too_much()) {
        output_of({"tee", "/run/cni/tuning/c1_eth0.json"}, monster.text);
        const PluginRun tuned = call("tuning", "DEL", layer2().dump());
        EXPECT_NE(tuned.error_code(), 0) << monster.what;
        EXPECT_THAT(tuned.error_message(), HasSubstr("/run/cni/tuning/c1_eth0.json"))
            << monster.what;
        expect_sane(tuned, monster.what);
        output_of({"tee", entry}, monster.text);
        const Finished checked = limited_tool("check");
        EXPECT_EQ(checked.exit_code(), 1) << monster.what;
        EXPECT_THAT(checked.err, HasSubstr("cached result")) << monster.what;
        expect_sane(checked, monster.what);
        // It is nobody's for gc, and keeps nobody from deleting.
        for (const char* verb : {"gc", "del"}) {
            const Finished finished = limited_tool(verb);
            EXPECT_TRUE(finished.ok()) << verb << monster.what << finished.err;
        }
    }
}

TEST_F(HostileInput, InConfigurationFilesIsRefused) {
    for (const Monster& monster : all_too_much()) {
        write_conflist(monster.text);
        for (const char* verb : {"add", "status"}) {
            const Finished finished = limited_tool(verb);
            EXPECT_EQ(finished.exit_code(), 1) << monster.what;
            EXPECT_THAT(finished.err, HasSubstr("/run/net.d/10.conflist")) << monster.what;
            expect_sane(finished, monster.what);
        }
        const Finished validated = run(limited(tool_program({"validate"})));
        EXPECT_EQ(validated.exit_code(), 1) << monster.what;
        expect_sane(validated, monster.what);
    }
}

TEST_F(HostileInput, InLeaseFilesKeepsTheAddress) {
    shell(cat("mkdir -p ", lease_dir, "; truncate -s 1T ", lease_dir, "/10.1.2.2 ", lease_dir,
              "/last_reserved_ip.0; head -c 10000000 /dev/zero | tr '\\0' x >", lease_dir,
              "/10.1.2.3; truncate -s 1T /var/lib/cni/networks/.net1.cnixx-index"));
    const PluginRun added = call("host-local", "ADD", layer3().dump());
    EXPECT_THAT(added.out, HasSubstr("10.1.2.4/24")) << added.report();
    const PluginRun deleted = call("host-local", "DEL", layer3().dump());
    EXPECT_TRUE(deleted.ok()) << deleted.report();
    EXPECT_THAT(leases(), ::testing::ElementsAre("10.1.2.2", "10.1.2.3"));
}

class HostileDescriptors : public HostileTest {
protected:
    /// What the IPAM plugin finds open when bridge has started it, beside its stdin, stdout and
    /// stderr, one a line.
    static std::string seen_by_ipam(Program program) {
        const ScriptedIpam ipam;
        ipam.on("ADD",
                "exec find /proc/self/fd -mindepth 1 ! -xtype d -printf '%f %l\\n' >/run/fds");
        run(program);
        const std::string listed = read_file("/run/fds", 1 << 20).value_or("nothing");
        std::string seen;
        // Directories are find's own, which it walks through.
        for (const auto line : split(listed, '\n')) {
            const auto number = parse_int<int>(line.substr(0, line.find(' ')));
            if (line.empty() || (number && *number <= 2)) continue;
            seen += cat(line.substr(line.find(' ') + 1), "\n");
        }
        return seen;
    }
    Program bridge(const std::string& command, const json& config) const {
        return plugin_program("bridge", command, args(*container_), config.dump());
    }
    // Which an IPAM plugin holds on to when bridge is killed: the attachment's turn ends with it.
    static constexpr const char* lock = "/run/cnixx.lock\n";

    // As on kernels before 5.11, where nothing closes what somebody forgot.
    static void forbid_close_range() {
        sock_filter filter[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const sock_fprog program{4, filter};
        // What this program has inherited itself is not the matter here.
        ::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
    }
    static void inherit_a_thousand() {
        const rlimit limit{4096, 4096};
        ::setrlimit(RLIMIT_NOFILE, &limit);
        for (int i = 0; i < 1000; ++i) (void)::dup(0);
    }
};

TEST_F(HostileDescriptors, NoneOfOursIsInheritedButTheLock) {
    Program program = bridge("ADD", scripted({{"isGateway", true}, {"ipMasq", true}}));
    EXPECT_EQ(seen_by_ipam(program), lock);
    program.prepare = forbid_close_range;
    EXPECT_EQ(seen_by_ipam(program), lock);
}

TEST_F(HostileDescriptors, AThousandOfTheRuntimesStopHere) {
    Program program = bridge("ADD", scripted());
    program.prepare = inherit_a_thousand;
    EXPECT_EQ(seen_by_ipam(program), lock);
}

TEST_F(HostileDescriptors, AThousandOfTheRuntimesDoNoHarm) {
    json config = layer3({{"ipMasq", true}});
    for (const char* command : {"ADD", "CHECK", "DEL"}) {
        Program program = bridge(command, config);
        program.prepare = inherit_a_thousand;
        const Finished finished = run(program);
        EXPECT_TRUE(finished.ok()) << command << finished.out;
        if (std::string_view(command) == "ADD") config["prevResult"] = json::parse(finished.out);
    }
    EXPECT_TRUE(leases().empty());
}

TEST_F(HostileDescriptors, AFullTableIsAnErrorAndLeavesNothing) {
    // A sanitizer opens files before the program begins.
    for (int free = is_sanitized() ? 6 : 1; free < 12; ++free) {
        Program program = bridge("ADD", layer3({{"ipMasq", true}}));
        program.prepare = [free] {
            const rlimit limit{32, 32};
            ::setrlimit(RLIMIT_NOFILE, &limit);
            int last = 0;
            while (const int fd = ::dup(0)) {
                if (fd < 0) break;
                last = fd;
            }
            for (int i = 0; i < free; ++i) ::close(last - i);
        };
        const Finished finished = run(program);
        if (finished.ok()) {
            del(*container_, layer3({{"ipMasq", true}}));
        } else {
            EXPECT_THAT(finished.out, HasSubstr("Too many open files")) << free;
        }
        EXPECT_TRUE(leases().empty()) << free;
        EXPECT_TRUE(link(*container_, "eth0").is_null()) << free;
    }
}

class ClosedStreams : public HostileDescriptors, public ::testing::WithParamInterface<int> {
protected:
    static bool is_closed(int fd) { return (GetParam() & 1 << fd) != 0; }
    static Program closing(Program program) {
        program.prepare = [streams = GetParam()] {
            for (int fd = 0; fd < 3; ++fd)
                if (streams & 1 << fd) ::close(fd);
        };
        return program;
    }
    /// What is in the files of state is their own, and not what was meant for a stream.
    static void expect_clean_state() {
        EXPECT_EQ(shell("grep -lrE 'cniVersion|time:|\"code\"|usage' /var/lib/cni/networks "
                        "/run/cni 2>/dev/null || true"),
                  "");
    }
};

TEST_P(ClosedStreams, AreNotMistakenForFiles) {
    const json config = layer3({{"ipMasq", true}});
    const Finished added = run(closing(bridge("ADD", config)));
    // Without stdin there is no configuration; without stdout nobody to tell.
    EXPECT_EQ(added.ok(), !is_closed(0)) << added.out << added.err;
    EXPECT_EQ(leases().empty(), is_closed(0));
    const auto lease = read_file(cat(lease_dir, "/10.1.2.2"), 100);
    EXPECT_EQ(lease.value_or("none"), is_closed(0) ? "none" : "c1\r\neth0");
    EXPECT_EQ(added.out.empty(), is_closed(1));
    expect_clean_state();
    run(closing(bridge("DEL", config)));
    expect_clean_state();
    del(*container_, config);
    EXPECT_TRUE(leases().empty());
}

TEST_P(ClosedStreams, OfCnitoolAreNotEither) {
    write_conflist(json({{"cniVersion", "1.1.0"},
                         {"name", "net1"},
                         {"plugins", {layer3(), {{"type", "tuning"}, {"mtu", 1400}}}}})
                       .dump());
    for (const char* verb : {"add", "check", "del"}) {
        const Finished finished =
            run(closing(tool_program({verb, "net1", container_->path(), "--time"})));
        EXPECT_TRUE(finished.ok()) << verb << finished.err;
        expect_clean_state();
        // One document, as it was stored.
        for (const auto& kept :
             {read_file("/run/cni/tuning/c1_eth0.json", 1 << 20),
              read_file(cat("/var/lib/cni/results/net1-cnitool-",
                            sha512_hex(container_->path()).substr(0, 20), "-eth0"),
                        1 << 20)})
            EXPECT_TRUE(!kept || json::accept(*kept)) << verb << kept.value_or("");
    }
    EXPECT_TRUE(leases().empty());
}

INSTANTIATE_TEST_SUITE_P(All, ClosedStreams, ::testing::Range(1, 8));

}  // namespace
}  // namespace cni::test
