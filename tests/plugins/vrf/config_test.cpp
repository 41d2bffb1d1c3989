// What is refused before the kernel is asked for anything.
#include "fixture.h"

namespace cni::test {
namespace {

class VrfConfig : public SandboxTest, protected VrfCalls {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (!IsSkipped()) make_container();
    }
};

TEST_F(VrfConfig, IsRefusedByName) {
    const std::string name = "configuration is expected to have a valid vrf name";
    for (const json& wrong : {json(), json(""), json("a/b"), json("longer than fifteen")})
        for (const char* command : {"ADD", "CHECK"})
            expect_failure(command, config({{"vrfname", wrong}}), 7, name);
    expect_failure("ADD", config({{"vrfname", 5}}), 7, "\"vrfname\" must be a string");
    expect_failure("ADD", config({{"table", -1}}), 7, "\"table\" must be between 0 and 4294967295");
    expect_failure("ADD", config({{"table", 254}}), 7, "table 254 is the kernel's own");
    expect_failure("ADD", config({{"prevResult", nullptr}}), 7, "must be called as chained plugin");
    expect_failure("CHECK", config({{"prevResult", nullptr}}), 7, "prevResult");
}

TEST_F(VrfConfig, NamesTheInterfaceOfTheNameThatIsNoVrf) {
    expect_failure("ADD", config({{"vrfname", "lo"}}), 999, "Netlink lo is not a VRF");
    expect_failure("CHECK", config({{"vrfname", "lo"}}), 999, "Netlink lo is not a VRF");
    expect_ok("DEL", config({{"vrfname", "lo"}}));
}

}  // namespace
}  // namespace cni::test
