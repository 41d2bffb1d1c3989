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

bool is_in(const Netns& netns) {
    return Netns::current().is_same(netns);
}

TEST_F(NetnsTest, ATourEndsAtHome) {
    const TestNetns c1("c1"), c2("c2");
    const Netns home = Netns::current();
    {
        NetnsTour tour;
        EXPECT_TRUE(tour.visit(c1.netns(), [&] { return is_in(c1.netns()); }));
        EXPECT_TRUE(tour.visit(c2.netns(), [&] { return is_in(c2.netns()); }));
        EXPECT_TRUE(c1.netns().run([&] { return is_in(c1.netns()); }));
        EXPECT_TRUE(is_in(c2.netns())) << "who runs something elsewhere comes back";
    }
    EXPECT_TRUE(is_in(home));
    const auto fail = [] {
        NetnsTour().visit(Netns::open("/run/netns/c1"),
                          [] { throw Error(Code::internal, "on the way"); });
    };
    EXPECT_THROW(fail(), Error);
    EXPECT_TRUE(is_in(home)) << "after an error";
    EXPECT_THROW(c1.netns().run([] { throw Error(Code::internal, "there"); }), Error);
    EXPECT_TRUE(is_in(home));
}

}  // namespace
}  // namespace cni::test
