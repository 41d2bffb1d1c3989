#include "cni/json_object.h"

#include <gtest/gtest.h>

namespace cni {
namespace {

JsonObject object(const char* text) {
    return JsonObject(Json::parse(text, "test"));
}

TEST(JsonObject, IsSortedAndCompact) {
    EXPECT_EQ(object(R"({"b": [1, 2.50], "a": {"y": null, "x": "<"}, "b": 3})").text(),
              R"({"a":{"x":"\u003c","y":null},"b":3})");
    EXPECT_EQ(object("null").text(), "{}");
    EXPECT_EQ(JsonObject().text(), "{}");
    EXPECT_TRUE(JsonObject().empty());
}

TEST(JsonObject, KeysDifferInMoreThanLetterCase) {
    JsonObject it = object(R"({"CNIVersion": "1", "cniversion": "2", "name": "x"})");
    it.set_text("cniVersion", "3\"");
    EXPECT_EQ(it.text(), R"({"cniVersion":"3\"","name":"x"})");
    EXPECT_TRUE(it.has("NAME"));
    it.remove("Name");
    EXPECT_FALSE(it.has("name"));
}

TEST(JsonObject, NullIsAbsent) {
    JsonObject it = object(R"({"mtu": null, "ipMasq": false})");
    it.set_default("mtu", "1450");
    it.set_default("ipMasq", "true");
    EXPECT_EQ(it.text(), R"({"ipMasq":false,"mtu":1450})");
}

}  // namespace
}  // namespace cni
