// Completion of cnitool, by bash itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node_fixture.h"

namespace cni::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

class CnitoolCompletion : public NodeTest {
protected:
    /// What bash offers where the last of the words stands: as the line editor would call it, by
    /// the function that `complete` names.
    std::vector<std::string> offered(const std::vector<std::string>& words) const {
        std::string script = "source " CNIXX_SOURCE_DIR
                             "/packaging/completions/cnitool.bash\n"
                             "spec=($(complete -p cnitool)) && function=${spec[2]}\n"
                             "COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1))\n"
                             "$function \"$1\"\n"
                             "printf '%s\\n' \"${COMPREPLY[@]}\"\n";
        Program program{.argv = {"bash", "-c", script, "bash", cat(bin_dir(), "/cnitool")}};
        program.argv.insert(program.argv.end(), words.begin(), words.end());
        program.environment = environment();
        const Finished finished = run(program);
        EXPECT_TRUE(finished.ok()) << finished.err;
        std::vector<std::string> all;
        for (const std::string_view line : split(finished.out, '\n'))
            if (!line.empty()) all.emplace_back(line);
        return all;
    }
};

TEST_F(CnitoolCompletion, OffersEachCommandThatHelpTells) {
    const auto commands = offered({""});
    const std::string help = tool({"help"}).out;
    for (const std::string_view line : split(help, '\n')) {
        if (line.starts_with("  ") && line.size() > 2 && line[2] >= 'a' && line[2] <= 'z') {
            EXPECT_THAT(commands, Contains(std::string(trim(line.substr(0, line.find(' ', 2))))));
        }
    }
    EXPECT_THAT(offered({"ex"}), ElementsAre("explain"));
}

TEST_F(CnitoolCompletion, OffersWhatThereIsForEachOperand) {
    const TestNetns c1("c1");
    add(c1);
    EXPECT_THAT(offered({"list", ""}), ElementsAre("net1"));
    EXPECT_THAT(offered({"add", ""}), ElementsAre("net1"));
    EXPECT_THAT(offered({"add", "net1", ""}), ElementsAre("/run/netns/c1"));
    EXPECT_THAT(offered({"add", "net1", "/run/netns/c1", ""}), IsEmpty());
    EXPECT_THAT(offered({"ipam", ""}), ElementsAre("show", "check", "release"));
    EXPECT_THAT(offered({"ipam", "release", "net1", ""}), ElementsAre("10.1.2.2"));
    EXPECT_THAT(offered({"schema", "br"}), ElementsAre("bridge"));
    EXPECT_THAT(offered({"nonsense", ""}), IsEmpty());
}

TEST_F(CnitoolCompletion, OffersOptionsAndTheirArguments) {
    EXPECT_THAT(offered({"list", "--"}), IsSupersetOf({"--output", "--cache", "--help"}));
    EXPECT_THAT(offered({"list", "-o", ""}), ElementsAre("json", "table"));
    EXPECT_THAT(offered({"list", "--output", "=", "j"}), ElementsAre("json"));
    EXPECT_THAT(offered({"list", "-o", "json", ""}), ElementsAre("net1"));
    EXPECT_THAT(offered({"version", "-p", "macv"}), ElementsAre("macvlan"));
    EXPECT_THAT(offered({"validate", cat(net_d_.path(), "/")}),
                ElementsAre(cat(net_d_.path(), "/net1.conflist")));
}

// A name with blanks or escapes would be commands once it stands in a line.
TEST_F(CnitoolCompletion, OffersNoNameThatIsNone) {
    net_d_.write("9.conflist", R"({"name":"$(reboot) x","plugins":[]})");
    EXPECT_THAT(offered({"list", ""}), ElementsAre("net1"));
}

}  // namespace
}  // namespace cni::test
