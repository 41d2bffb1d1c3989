// Network namespaces by their paths.
#include "sys/netns.h"

#include "support/sandbox.h"
#include "support/test_netns.h"

namespace cni::test {
namespace {

class NetnsTest : public SandboxTest {};

TEST_F(NetnsTest, OneNamespaceHasManyPaths) {
    TestNetns c1("c1");
    const TestNetns c2("c2");
    output_of({"ln", "-s", "/run/netns", "/run/other"});
    const std::string by_descriptor = cat("/proc/self/fd/", c1.netns().fd());
    EXPECT_TRUE(is_same_netns(c1.path(), c1.path()));
    EXPECT_TRUE(is_same_netns(c1.path(), "/run/other/c1"));
    EXPECT_TRUE(is_same_netns(by_descriptor, "/run//netns/./c1"));
    EXPECT_FALSE(is_same_netns(c1.path(), c2.path()));
    EXPECT_FALSE(is_same_netns(c1.path(), "/proc/self/ns/net"));
    EXPECT_FALSE(is_same_netns(c1.path(), ""));
    EXPECT_FALSE(is_same_netns("", ""));
    const std::string gone = c1.path();
    c1.unmount();
    EXPECT_TRUE(is_same_netns(gone, gone)) << "the text is all there is";
    EXPECT_FALSE(is_same_netns(gone, "/run/other/c1"));
    EXPECT_FALSE(is_same_netns(gone, by_descriptor));
}

}  // namespace
}  // namespace cni::test
