// cnitool metrics: figures for the node exporter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node_fixture.h"

namespace cni::test {
namespace {

using ::testing::HasSubstr;

class CnitoolMetrics : public NodeTest {};

TEST_F(CnitoolMetrics, CountsWhatThereIsAndWhatIsWrong) {
    const TestNetns c1("c1");
    add(c1);
    write(cat(leases, "/10.1.2.9"), "gone\r\neth0");
    write(cat(leases, "/10.1.2.10"), "\x1b garbled");
    const Finished printed = tool({"metrics"});
    ASSERT_TRUE(printed.ok()) << printed.err;
    for (const char* line :
         {"# TYPE cnixx_attachments gauge\ncnixx_attachments{network=\"net1\"} 2\n",
          "cnixx_attachment_faults{network=\"net1\",fault=\"lease-without-link\"} 1\n",
          "cnixx_leases{network=\"net1\",state=\"alive\"} 1\n",
          "cnixx_leases{network=\"net1\",state=\"dead\"} 1\n",
          "cnixx_range_addresses{network=\"net1\",first=\"10.1.2.1\",last=\"10.1.2.254\"} 253\n",
          "cnixx_range_leased{network=\"net1\",first=\"10.1.2.1\",last=\"10.1.2.254\"} 2\n",
          "cnixx_state_problems 1\n"})
        EXPECT_THAT(printed.out, HasSubstr(line));
}

// Each sample belongs to the metric that was described last, and each line is one of the three.
TEST_F(CnitoolMetrics, KeepsTheFormat) {
    const TestNetns c1("c1");
    add(c1);
    const std::string text = tool({"metrics"}).out;
    std::string metric;
    for (const auto line : split(trim(text), '\n')) {
        const auto words = split(line, ' ');
        if (line.starts_with("# HELP ")) metric = words[2];
        EXPECT_TRUE(line.starts_with("# ") || line.starts_with(cat(metric, "{")) ||
                    line.starts_with(cat(metric, " ")))
            << line;
    }
}

}  // namespace
}  // namespace cni::test
