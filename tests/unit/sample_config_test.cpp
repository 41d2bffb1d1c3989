#include <gtest/gtest.h>

#include "plugins/sample/config.h"
#include "support/thrown.h"

namespace cni::sample {
namespace {

Config parse(const std::string& keys) {
    return parse_config(NetConf::parse(R"({"cniVersion": "1.0.0", "name": "net1")" + keys + "}"));
}

TEST(SampleConfig, RuntimeConfigWinsOverTheKey) {
    const Config config = parse(R"(, "anotherAwesomeArg": "a", "myAwesomeFlag": true,
                                   "runtimeConfig": {"sample": {"label": "b"}})");
    EXPECT_TRUE(config.label_interface);
    EXPECT_EQ(config.label, "b");
}

TEST(SampleConfig, TheArgumentIsRequired) {
    EXPECT_EQ(test::thrown([] { parse(""); }).msg, "anotherAwesomeArg must be specified");
}

TEST(SampleConfig, ALabelFitsIntoTheKernel) {
    const auto label = [](std::size_t size) {
        return cat(R"(, "anotherAwesomeArg": ")", std::string(size, 'x'), "\"");
    };
    EXPECT_EQ(parse(label(255)).label.size(), 255u);
    EXPECT_EQ(test::thrown([&] { parse(label(256)); }).msg, "a label has at most 255 bytes");
}

}  // namespace
}  // namespace cni::sample
