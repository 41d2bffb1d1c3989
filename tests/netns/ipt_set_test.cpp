// Sets of the ipset program, as a condition of rules.
#include <gtest/gtest.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>

#include "iptables/ip_set.h"
#include "iptables/table.h"
#include "netlink/nl_socket.h"
#include "netns/ipt_samples.h"
#include "support/process.h"
#include "support/sandbox.h"
#include "support/thrown.h"

namespace cni::ipt {
namespace {

class IptSet : public test::SandboxTest {
protected:
    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        try {
            make("trusted", "hash:ip", NFPROTO_IPV4);
        } catch (const NlError& error) {
            GTEST_SKIP() << "kernel has no ipset: " << error.what();
        }
    }
    /// What "ipset create" asks the kernel for.
    static void make(const std::string& name, const std::string& type, std::uint8_t family) {
        NlMessage message(NFNL_SUBSYS_IPSET << 8 | IPSET_CMD_CREATE, NLM_F_CREATE | NLM_F_EXCL);
        message.header(nfgenmsg{.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0});
        message.put_u8(IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL_MIN)
            .put_string(IPSET_ATTR_SETNAME, name);
        message.put_string(IPSET_ATTR_TYPENAME, type).put_u8(IPSET_ATTR_REVISION, 0);
        message.put_u8(IPSET_ATTR_FAMILY, family).nest(IPSET_ATTR_DATA, [] {});
        NlSocket(NETLINK_NETFILTER).request({std::move(message), cat("make ipset ", name)});
    }
    static std::string why_not(const std::string& name, Family family) {
        return test::thrown([&] { ip_set_number(name, family); }).msg;
    }
};

TEST_F(IptSet, IsFoundByItsName) {
    make("second", "hash:ip,port", NFPROTO_IPV4);
    EXPECT_NE(ip_set_number("trusted", Family::v4), ip_set_number("second", Family::v4));
    EXPECT_EQ(why_not("nothing", Family::v4), "ipset \"nothing\" does not exist");
    EXPECT_EQ(why_not("trusted", Family::v6), "ipset \"trusted\" is of the other address family");
    EXPECT_EQ(why_not(std::string(40, 'x'), Family::v4),
              cat("ipset \"", std::string(40, 'x'), "\" has no possible name"));
}

TEST_F(IptSet, IptablesReadsTheMatch) {
    make("second", "hash:ip,port", NFPROTO_IPV4);
    nft::Connection nft;
    for (const Flavour flavour : {Flavour::nf_tables, Flavour::legacy}) {
        change(nft, flavour, {Family::v4, TableName::nat}, [&](Table& table) {
            table.ensure_chain("A");
            for (const Extension& match :
                 {in_set(ip_set_number("trusted", Family::v4), 1, 0b1),
                  in_set(ip_set_number("second", Family::v4), 2, 0b01, true)})
                table.append("A", rule([&](Rule& r) {
                                 r.matches = {match};
                                 r.target = Verdict::accept;
                             }));
        });
        const std::string program = flavour == Flavour::legacy ? "iptables-legacy" : "iptables-nft";
        EXPECT_EQ(test::output_of({program, "-t", "nat", "-S", "A"}),
                  "-N A\n-A A -m set --match-set trusted src -j ACCEPT\n"
                  "-A A -m set ! --match-set second src,dst -j ACCEPT\n");
        test::output_of({program, "-t", "nat", "-D", "A", "-m", "set", "--match-set", "trusted",
                         "src", "-j", "ACCEPT"});
    }
}

}  // namespace
}  // namespace cni::ipt
