// The netlink socket when something went wrong before.
#include <netlink/netlink.h>

#include "netlink/link.h"
#include "support/sandbox.h"

namespace cni::test {
namespace {

class RtnlTest : public SandboxTest {};

// Who could not receive an answer may still have something to take back.
TEST_F(RtnlTest, PassesOverAnswersThatNobodyReceived) {
    Rtnl host;
    ASSERT_TRUE(host.find("lo"));
    NlMessage given_up(RTM_GETLINK, NLM_F_ACK);
    given_up.header(ifinfomsg{});
    given_up.put_string(IFLA_IFNAME, "lo");
    nlmsghdr* header = given_up.raw();
    header->nlmsg_seq = 1;
    ASSERT_GE(nl_sendto(host.raw(), header, header->nlmsg_len), 0);
    EXPECT_FALSE(host.find("missing"));
    EXPECT_EQ(host.get("lo").name, "lo");
}

// Who may configure a container's network may also send messages to sockets that are open in there.
TEST_F(RtnlTest, BelievesTheKernelOnly) {
    Rtnl container;
    NlSocket forger(NETLINK_ROUTE);
    nl_socket_set_peer_port(forger.raw(), nl_socket_get_local_port(container.raw()));
    NlMessage forged(NLMSG_ERROR, 0);
    forged.header(nlmsgerr{.error = -EPERM, .msg = {}});
    forged.raw()->nlmsg_seq = 1;
    ASSERT_GE(nl_sendto(forger.raw(), forged.raw(), forged.raw()->nlmsg_len), 0);
    EXPECT_EQ(container.get("lo").name, "lo");
}

}  // namespace
}  // namespace cni::test
