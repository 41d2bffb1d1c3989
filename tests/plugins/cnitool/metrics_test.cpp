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
          "cnixx_range_addresses{network=\"net1\",family=\"ipv4\",first=\"10.1.2.1\",last=\"10.1.2."
          "254\"} 253\n",
          "cnixx_range_leased{network=\"net1\",family=\"ipv4\",first=\"10.1.2.1\",last=\"10.1.2."
          "254\"} 2\n",
          "cnixx_state_problems 1\n"})
        EXPECT_THAT(printed.out, HasSubstr(line));
}

TEST_F(CnitoolMetrics, CountsTheOperationsOfTheLog) {
    const TestNetns c1("c1");
    const std::string log = "CNI_LOG_FILE=/run/cni.log";
    EXPECT_TRUE(tool({"add", "net1", c1.path()}, {log}).ok());
    EXPECT_FALSE(tool({"add", "net1", c1.path()}, {log}).ok());
    output_of({"sh", "-c", "printf 'no line\\n{\"plugin\":\"a\\\"b\"}\\n{\"pl' >>/run/cni.log"});
    const std::string text = tool({"metrics"}, {log}).out;
    for (const char* line :
         {"# TYPE cnixx_operations_total counter\n",
          "cnixx_operations_total{plugin=\"bridge\",command=\"ADD\",outcome=\"success\"} 1\n",
          "cnixx_operations_total{plugin=\"bridge\",command=\"ADD\",outcome=\"failure\"} 1\n",
          "cnixx_operations_total{plugin=\"host-local\",command=\"ADD\",outcome=\"success\"} 1\n",
          "cnixx_operation_duration_seconds_count{plugin=\"bridge\",command=\"ADD\","
          "outcome=\"success\"} 1\n"})
        EXPECT_THAT(text, HasSubstr(line));
    EXPECT_THAT(
        text, ::testing::ContainsRegex(
                  "_seconds_sum.plugin=.bridge.,command=.ADD.,outcome=.success.. [0-9]+\\.[0-9]+"));
    EXPECT_EQ(tool({"metrics", "--log", "/run/cni.log"}).out, text);
    EXPECT_THAT(tool({"metrics"}).out, ::testing::Not(HasSubstr("operation")));
    EXPECT_THAT(tool({"metrics", "--log", "/run/none"}).err, HasSubstr("open /run/none"));
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
                    line.starts_with(cat(metric, " ")) || line.starts_with(cat(metric, "_")))
            << line;
    }
}

}  // namespace
}  // namespace cni::test
