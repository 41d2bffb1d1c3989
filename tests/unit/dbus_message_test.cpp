// Messages of D-Bus as bytes.
#include "sys/dbus_message.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/thrown.h"

namespace cni::dbus {
namespace {

using std::string_literals::operator""s;

const Call call{"a.b", "/p", "i.f", "Do", {"zone", "::1/128"}};

TEST(DbusMessage, ACallHasTheBytesOfTheSpecification) {
    EXPECT_EQ(encode(call, 258),
              "l\1\2\1\30\0\0\0\2\1\0\0\110\0\0\0"s
              "\1\1o\0\2\0\0\0/p\0\0\0\0\0\0"s
              "\2\1s\0\3\0\0\0i.f\0\0\0\0\0"s
              "\3\1s\0\2\0\0\0Do\0\0\0\0\0\0"s
              "\6\1s\0\3\0\0\0a.b\0\0\0\0\0"s
              "\10\1g\0\2ss\0"s
              "\4\0\0\0zone\0\0\0\0\7\0\0\0::1/128\0"s);
}

TEST(DbusMessage, WithoutArgumentsThereIsNoSignature) {
    const std::string bytes = encode({"a.b", "/p", "i.f", "Do"}, 1);
    EXPECT_EQ(bytes.size() % 8, 0u);
    EXPECT_EQ(size_of(bytes), bytes.size());
    EXPECT_EQ(bytes.find('g'), bytes.npos);
}

TEST(DbusMessage, SaysWhatItAnswers) {
    const std::string text =
        "l\2\1\1\6\0\0\0\5\0\0\0\17\0\0\0\5\1u\0\7\0\0\0\10\1g\0\1s\0\0"
        "\1\0\0\0y\0"s;
    ASSERT_EQ(size_of(text), text.size());
    const Message reply = parse(text);
    EXPECT_EQ(reply.type, Type::reply);
    EXPECT_EQ(reply.serial, 5u);
    EXPECT_EQ(reply.reply_to, 7u);
    EXPECT_EQ(reply.text, "y");
    EXPECT_EQ(reply.flag, std::nullopt);
}

TEST(DbusMessage, HasTruthValuesInEitherByteOrder) {
    EXPECT_EQ(parse("l\2\1\1\4\0\0\0\5\0\0\0\17\0\0\0\5\1u\0\7\0\0\0\10\1g\0\1b\0\0\1\0\0\0"s).flag,
              true);
    const Message big =
        parse("B\2\1\1\0\0\0\4\0\0\0\5\0\0\0\17\5\1u\0\0\0\0\7\10\1g\0\1b\0\0\0\0\0\0"s);
    EXPECT_EQ(big.flag, false);
    EXPECT_EQ(big.reply_to, 7u);
    EXPECT_EQ(big.serial, 5u);
}

TEST(DbusMessage, HasTheNameAndTheTextOfAnError) {
    const std::string bytes =
        "l\3\1\1\7\0\0\0\5\0\0\0\37\0\0\0\5\1u\0\7\0\0\0\4"
        "\1s\0\3\0\0\0e.N\0\0\0\0\0\10\1g\0\1s\0\0"
        "\2\0\0\0no\0"s;
    const Message error = parse(bytes);
    EXPECT_EQ(error.type, Type::error);
    EXPECT_EQ(error.error_name, "e.N");
    EXPECT_EQ(error.text, "no");
}

TEST(DbusMessage, ThatIsCutShortOrOfTheWrongSizeIsRefused) {
    const std::string whole = encode(call, 1);
    EXPECT_NO_THROW(parse(whole));
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(test::thrown([&] { parse(whole.substr(0, size)); }).code, Code::decoding_failure)
            << size;
    EXPECT_EQ(test::thrown([&] { parse(whole + "x"); }).code, Code::decoding_failure);
    std::string huge = whole;
    huge[7] = '\1';
    EXPECT_EQ(test::thrown([&] { size_of(huge); }).msg,
              "a message of D-Bus is garbled: it is too large");
}

TEST(DbusMessage, WithAnyByteChangedIsReadOrRefused) {
    const std::string whole = encode(call, 1);
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (const char byte : {'\0', '\1', '\x7f', '\xff'}) {
            std::string changed = whole;
            changed[at] = byte;
            try {
                parse(changed);
            } catch (const Error& error) {
                EXPECT_EQ(error.code, Code::decoding_failure) << at;
            }
        }
}

}  // namespace
}  // namespace cni::dbus
