// What older kernels than the running one may be do otherwise when they make a link.
#include "attach/new_attachment.h"
#include "attach_fixture.h"

namespace cni {
namespace {

using test::TestNetns;

class VmAttachRecipe : public test::AttachTest {
protected:
    static Link add(const TestNetns& container) {
        const Request its = request(container);
        NewAttachment attachment(its, Macvlan::name);
        const Parent parent({.name = "eth0"}, attachment.host, attachment.container);
        const Link link =
            attachment.make_link(parent, {.kind = Macvlan{}}, [](int, const Link&) { return ""; });
        attachment.finish_with(link);
        return link;
    }
};

TEST_F(VmAttachRecipe, ALinkMayBeCalledLikeItsParent) {
    const TestNetns c("c1"), d("d1");
    shell("ip link add eth0 up type veth peer name wire");
    Rtnl host;
    const int parent = host.get("eth0").index;
    for (const TestNetns* each : {&c, &d}) {
        const Link made = add(*each);
        EXPECT_EQ(made.name, "eth0");
        EXPECT_EQ(made.parent.index, parent);
    }
    EXPECT_EQ(host.get("eth0").index, parent);
}

}  // namespace
}  // namespace cni
