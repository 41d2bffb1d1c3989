#include "cni/choice.h"

#include <gtest/gtest.h>

#include "support/thrown.h"

namespace cni {
namespace {

enum class Taste { sweet, sour };
constexpr Named<Taste> tastes[] = {{"sweet", Taste::sweet}, {"sour", Taste::sour}};

Taste read(const char* text) {
    return choice_or(Json::parse(text, "bad"), "taste", tastes, Taste::sweet, "taste of it");
}

TEST(Choice, IsWhatTheTableSays) {
    EXPECT_EQ(read(R"({"taste": "sour"})"), Taste::sour);
    EXPECT_EQ(read(R"({"TASTE": "sour"})"), Taste::sour);
    for (const char* none : {"{}", R"({"taste": ""})", R"({"taste": null})"})
        EXPECT_EQ(read(none), Taste::sweet) << none;
}

TEST(Choice, OfAnotherNameNamesThoseThatThereAre) {
    const Error error = test::thrown([] { read(R"({"taste": "Sour"})"); });
    EXPECT_EQ(error.code, Code::invalid_config);
    EXPECT_EQ(error.msg, "unknown taste of it: \"Sour\"");
    EXPECT_EQ(error.details, "\"taste\" must be one of \"sweet\", \"sour\"");
    EXPECT_EQ(test::thrown([] { read(R"({"taste": 5})"); }).msg,
              "\"taste\" must be a string, not a number");
}

}  // namespace
}  // namespace cni
