#include "cni/json_writer.h"

#include <gtest/gtest.h>

namespace cni {
namespace {

std::string encoded(std::string_view text) {
    JsonWriter out(JsonWriter::Layout::compact);
    return out.value(text).take();
}

TEST(JsonWriter, IndentsByFourBlanksWithoutAFinalNewline) {
    JsonWriter out(JsonWriter::Layout::indented);
    out.begin_object().member("a", 1).key("b").begin_array().value("x").value(true).end_array();
    out.key("c").begin_object().end_object().key("d").begin_array().end_array().end_object();
    EXPECT_EQ(out.take(),
              "{\n"
              "    \"a\": 1,\n"
              "    \"b\": [\n"
              "        \"x\",\n"
              "        true\n"
              "    ],\n"
              "    \"c\": {},\n"
              "    \"d\": []\n"
              "}");
}

TEST(JsonWriter, CompactHasNoSpace) {
    JsonWriter out(JsonWriter::Layout::compact);
    out.begin_object()
        .member("a", -1)
        .key("b")
        .begin_array()
        .raw("1.50")
        .begin_object()
        .end_object();
    out.end_array().end_object();
    EXPECT_EQ(out.take(), R"({"a":-1,"b":[1.50,{}]})");
}

TEST(JsonWriter, EscapesControlCharactersAndMarkup) {
    EXPECT_EQ(encoded("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
    EXPECT_EQ(encoded(std::string_view("\0\x01\x1f", 3)), R"("\u0000\u0001\u001f")");
    EXPECT_EQ(encoded("<a>&"), R"("\u003ca\u003e\u0026")");
    EXPECT_EQ(encoded("\u2028\u2029"), R"("\u2028\u2029")");
    EXPECT_EQ(encoded("\x7f/"), "\"\x7f/\"");
}

TEST(JsonWriter, KeepsWellFormedUtf8) {
    for (const char* text :
         {"\u00e4", "\u0800", "\u20ac", "\ud7ff", "\ue000", "\U0001f600", "\U0010ffff"})
        EXPECT_EQ(encoded(text), std::string("\"") + text + "\"");
}

TEST(JsonWriter, ReplacesEachByteThatIsNotUtf8) {
    EXPECT_EQ(encoded("a\xff"
                      "b"),
              R"("a\ufffdb")");
    EXPECT_EQ(encoded("\xc3"), R"("\ufffd")");  // cut short
    EXPECT_EQ(encoded("\xe2\x82"), R"("\ufffd\ufffd")");
    EXPECT_EQ(encoded("\xc0\xaf"), R"("\ufffd\ufffd")");  // overlong
    EXPECT_EQ(encoded("\xe0\x80\xaf"), R"("\ufffd\ufffd\ufffd")");
    EXPECT_EQ(encoded("\xf0\x80\x80\xaf"), R"("\ufffd\ufffd\ufffd\ufffd")");
    EXPECT_EQ(encoded("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");            // surrogate
    EXPECT_EQ(encoded("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");  // above U+10FFFF
    EXPECT_EQ(encoded("\x80"), R"("\ufffd")");
}

TEST(JsonWriter, EscapesKeysToo) {
    JsonWriter out(JsonWriter::Layout::compact);
    out.begin_object().member("a\"<", "x").end_object();
    EXPECT_EQ(out.take(), R"({"a\"\u003c":"x"})");
}

}  // namespace
}  // namespace cni
