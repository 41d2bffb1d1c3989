// Whole chains, 32 processes at once, while the programs iptables and nft change the same tables,
// namespaces vanish and the bridge is deleted and made anew. Whoever succeeds is whole; whoever
// fails says why, and leaves nothing once DEL was called; nobody waits for ever.
//
// CNIXX_STORM=500 makes that many attachments in each test.
#include <gmock/gmock.h>
#include <net/if.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <list>

#include "support/chain_fixture.h"
#include "support/crowd.h"
#include "support/fault.h"
#include "support/others_rules.h"

namespace cni::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::SizeIs;

int attachments() {
    const char* text = std::getenv("CNIXX_STORM");
    return text ? parse_int<int>(text).value() : is_sanitized() ? 10 : 20;
}

std::string mac_of(int number) {
    char text[18];
    std::snprintf(text, sizeof text, "02:00:00:00:%02x:%02x", number >> 8 & 255, number & 255);
    return text;
}

/// Of rules whose tables and chains may have been made anew, for another cni0.
std::string without_order(const std::string& rules) {
    std::vector<std::string> lines;
    for (const std::string_view part : split(rules, '\n')) {
        std::string& line = lines.emplace_back(part);
        const auto name = line.find(":cni0\"");
        if (name == line.npos) continue;
        const auto number = line.find_last_not_of("0123456789", name - 1) + 1;
        line.erase(number, name - number);
    }
    std::sort(lines.begin(), lines.end());
    return join(lines, "\n");
}

Snapshot without_order(Snapshot snapshot) {
    for (std::string* rules : {&snapshot.nftables, &snapshot.iptables})
        *rules = without_order(*rules);
    return snapshot;
}

/// A container that comes and goes in the storm.
struct Member {
    explicit Member(int number_)
        : number(number_), a(std::in_place, cat("c", number), 10000 + number, mac_of(number)) {}

    const int number;
    std::optional<Attachment> a;  ///< nullopt when its namespace has vanished
    Program del = {.argv = {}};
    json result = {};
    bool may_vanish() const { return number % 5 == 4; }
    bool stays() const { return number % 3 == 0 && !may_vanish(); }
};

class Storm : public SandboxTest, protected ChainCalls, public ::testing::WithParamInterface<Way> {
protected:
    static constexpr std::size_t width = 32;
    /// Attachments that are there at one time; the network has 253 addresses.
    static constexpr int most_present = 64;

    void SetUp() override {
        SandboxTest::SetUp();
        if (IsSkipped()) return;
        use(GetParam());
        configure(json::object(), Backends::named, {{"ingressPolicy", "same-bridge"}});
        world_.emplace();
        neighbour_.emplace("neighbour", 8082, "02:00:00:00:ff:0c");
        attach(*neighbour_);
        // What stays of a network once it was used is the same however often it is used.
        Attachment earlier("earlier", 8079, "02:00:00:00:ff:99");
        attach(earlier);
        expect_ok("del", earlier);
        OthersRules(way()).expect_all_there();
        before_ = traces();
    }

    /// Lets them all come and go beside iptables and nft; `meanwhile` disturbs them.
    template <typename F>
    void rage(F meanwhile) {
        OthersRules others(way());
        for (int i = 0; i < most_present; ++i) begin_next();
        crowd_.run(meanwhile);
        others.expect_all_there();
        std::printf("%d attachments: %d were whole, %d ADDs failed\n", begun_, succeeded_, failed_);
    }

    void begin_next() {
        if (begun_ == attachments()) return;
        Member& m = members_.emplace_back(begun_++);
        m.del = tool_program("del", *m.a);
        crowd_.add(tool_program("add", *m.a), [this, &m](const Finished& f) { added(m, f); });
    }
    void added(Member& m, const Finished& finished) {
        if (!finished.ok()) {
            ++failed_;
            EXPECT_TRUE(m.may_vanish() || has_bridge_troubles_) << finished.err;
            EXPECT_THAT(finished.err, HasSubstr("failed (add): "));
            return remove(m);
        }
        ++succeeded_;
        m.result = json::parse(finished.out);
        if (has_bridge_troubles_) return m.stays() ? begin_next() : remove(m);
        if (!m.a) return remove(m);
        crowd_.add(tool_program("check", *m.a), [this, &m](const Finished& check) {
            EXPECT_TRUE(check.ok() || !m.a) << check.err;
            remove(m);
        });
    }
    void remove(Member& m) {
        crowd_.add(m.del, [this, &m](const Finished& finished) {
            EXPECT_TRUE(finished.ok()) << finished.err;
            if (m.a) {
                EXPECT_EQ(m.a->netns.run([] { return ::if_nametoindex("eth0"); }), 0u) << m.number;
            }
            m.a.reset();
            begin_next();
        });
    }

    void make_one_vanish() {
        for (Member& m : members_)
            if (m.a && m.may_vanish() && crowd_.pick(8) == 0) return m.a.reset();
    }
    void delete_the_bridge() {
        if (crowd_.pick(10) != 0) return;
        run({.argv = {"ip", "link", "delete", "cni0"}});
        if (crowd_.pick(2) == 0) run({.argv = {"ip", "link", "add", "cni0", "type", "bridge"}});
    }

    /// Does what whoever deletes a bridge has to do for those that were connected to it.
    void connect_again(const Attachment& a, const json& result) const {
        run({.argv = {"ip", "link", "set", port_of(result), "master", "cni0"}});
        const std::string mac = result["interfaces"][0]["mac"];
        output_of({"ip", "link", "set", "cni0", "address", mac});
        expect_ok("check", a);
    }
    void mend() {
        Attachment mender("mender", 8083, "02:00:00:00:ff:98");
        attach(mender);
        for (Member& m : members_)
            if (m.a && !m.result.is_null()) {
                connect_again(*m.a, m.result);
                expect_ok("del", *m.a);
            }
        connect_again(*neighbour_, neighbour_->result);
        expect_ok("del", mender);
    }

    void expect_as_before() const {
        // What guards 127.0.0.0/8 goes with the bridge that needs it.
        if (has_bridge_troubles_) {
            EXPECT_EQ(without_order(traces()), without_order(before_));
        } else {
            EXPECT_EQ(traces(), before_);
        }
        EXPECT_THAT(leases(), SizeIs(2)) << "the neighbour's";
        const Exchange seen = exchange_tcp({.server = neighbour_->netns.netns(),
                                            .address = address_of(neighbour_->result, '4'),
                                            .port = 80,
                                            .client = world_->netns().netns(),
                                            .target_address = "192.0.2.1",
                                            .target_port = neighbour_->host_port});
        EXPECT_TRUE(seen.answered) << seen.failure;
        expect_ok("del", *neighbour_);
        expect_skeleton_only();
    }

    const Attachment& neighbour() const { return *neighbour_; }
    bool has_bridge_troubles_ = false;

private:
    std::optional<Outside> world_;
    std::optional<Attachment> neighbour_;
    Snapshot before_;
    std::list<Member> members_;
    Crowd crowd_{width};
    int begun_ = 0, succeeded_ = 0, failed_ = 0;
};

INSTANTIATE_TEST_SUITE_P(All, Storm, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(Storm, NamespacesVanish) {
    rage([&] { make_one_vanish(); });
    expect_ok("check", neighbour());
    expect_as_before();
}

TEST_P(Storm, TheBridgeComesAndGoes) {
    has_bridge_troubles_ = true;
    rage([&] {
        make_one_vanish();
        delete_the_bridge();
    });
    mend();
    expect_as_before();
}

}  // namespace
}  // namespace cni::test
