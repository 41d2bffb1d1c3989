// As many mappings as somebody may ask for: CNIXX_MAPPINGS=10000 instead of some.
#include <gmock/gmock.h>

#include <cstdlib>

#include "support/portmap_fixture.h"

namespace cni::test {
namespace {

using nlohmann::json;

class PortmapThousands : public EachWay {
protected:
    static int number_of_mappings() {
        constexpr int some = 1200;
        const char* wanted = std::getenv("CNIXX_MAPPINGS");
        return wanted ? parse_int<int>(wanted).value() : some;
    }
    static Mappings all() {
        Mappings out;
        for (int port = 1; port <= number_of_mappings(); ++port)
            out.push_back(mapping(port, 80, port % 2 == 0 ? "tcp" : "udp"));
        return out;
    }
    void succeed(const std::string& command, const std::string& id, const Mappings& mappings,
                 const json& keys = json::object()) const {
        const int host = id == "c1" ? 2 : 3;
        const json result =
            some_result(cat("10.88.0.", host, "/24"), cat("fd00:88::", host, "/64"));
        const PluginArgs call_args{.container_id = id, .netns = "/run/netns/x"};
        const PluginRun finished = call(command, call_args, config(result, mappings, keys));
        EXPECT_TRUE(finished.ok()) << command << " " << id << ": " << finished.report();
    }
    std::size_t count_leading_to(int host) const {
        return way() == Way::nftables ? count(cat(": 10.88.0.", host, " . 80"))
                                      : count(cat("--to-destination 10.88.0.", host, ":80"));
    }
};

INSTANTIATE_TEST_SUITE_P(All, PortmapThousands, ::testing::ValuesIn(all_ways),
                         [](const auto& way) { return to_string(way.param); });

TEST_P(PortmapThousands, OfOneContainerAreLikeOne) {
    const auto wanted = static_cast<std::size_t>(number_of_mappings());
    const Mappings mappings = all();
    succeed("ADD", "c1", mappings);
    EXPECT_EQ(count_leading_to(2), wanted);
    succeed("CHECK", "c1", mappings);
    succeed("ADD", "c1", mappings);
    succeed("ADD", "c2", mappings);
    EXPECT_EQ(count_leading_to(2), 0u);
    EXPECT_EQ(count_leading_to(3), wanted);
    succeed("CHECK", "c2", mappings);
    succeed("DEL", "c1", {});
    succeed("CHECK", "c2", mappings);
    succeed("GC", "c2", {},
            {{"cniVersion", "1.1.0"}, {"cni.dev/valid-attachments", json::array()}});
    EXPECT_EQ(count_leading_to(3), 0u);
    succeed("ADD", "c2", mappings);
    succeed("DEL", "c2", {});
    EXPECT_EQ(count_leading_to(3), 0u);
}

}  // namespace
}  // namespace cni::test
