#include <gmock/gmock.h>

#include "ipam/dhcp/protocol/message4.h"

namespace cni::dhcp {
namespace {

using ::testing::ElementsAre;

constexpr std::size_t sname_at = 44, file_at = 108, cookie_at = 236, options_at = 240;

Message4 sample() {
    Message4 message{.is_reply = true, .xid = 0x01020304, .secs = 0x0506, .wants_broadcast = true};
    message.client = Ip::parse("10.0.0.1").value();
    message.yours = Ip::parse("10.0.0.2").value();
    message.server = Ip::parse("10.0.0.3").value();
    message.relay = Ip::parse("10.0.0.4").value();
    message.mac = Mac::parse("02:11:22:33:44:55").value();
    message.options[option4::message_type] = {5};
    message.options[option4::subnet_mask] = {255, 255, 255, 0};
    return message;
}

/// A reply whose options are these bytes; in `file` and `sname` as well, where some are given.
Bytes with_options(const Bytes& options, const Bytes& file = {}, const Bytes& sname = {}) {
    Bytes bytes = encode(Message4{.is_reply = true});
    bytes.resize(options_at);
    put(bytes, options);
    std::copy(file.begin(), file.end(), bytes.begin() + file_at);
    std::copy(sname.begin(), sname.end(), bytes.begin() + sname_at);
    return bytes;
}

Options4 options_of(const Bytes& bytes) {
    const auto parsed = parse_message4(bytes);
    if (const auto* malformed = std::get_if<Malformed>(&parsed))
        ADD_FAILURE() << malformed->reason;
    else
        return std::get<Message4>(parsed).options;
    return {};
}

std::string_view why_not(const Bytes& bytes) {
    const auto parsed = parse_message4(bytes);
    const auto* malformed = std::get_if<Malformed>(&parsed);
    return malformed ? malformed->reason : "";
}

TEST(DhcpMessage4, IsWrittenAsTheRfcHasIt) {
    const Bytes bytes = encode(sample());
    ASSERT_EQ(bytes.size(), 300u);
    EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 34),
              (Bytes{2, 1, 6, 0,  1, 2, 3, 4,  5, 6, 0x80, 0, 10, 0,    0,    1,    10,
                     0, 0, 2, 10, 0, 0, 3, 10, 0, 0, 4,    2, 17, 0x22, 0x33, 0x44, 0x55}));
    EXPECT_EQ(Bytes(bytes.begin() + 34, bytes.begin() + cookie_at), Bytes(cookie_at - 34));
    EXPECT_EQ(Bytes(bytes.begin() + cookie_at, bytes.begin() + cookie_at + 15),
              (Bytes{99, 130, 83, 99, 1, 4, 255, 255, 255, 0, 53, 1, 5, 255, 0}));
}

TEST(DhcpMessage4, IsReadAsItWasWritten) {
    EXPECT_EQ(parse_message4(encode(sample())), Parsed<Message4>(sample()));
    const Message4 empty;
    EXPECT_EQ(parse_message4(encode(empty)), Parsed<Message4>(empty));
}

TEST(DhcpMessage4, LongOptionsGoInPieces) {
    Message4 message = sample();
    message.options[option4::user_class] = Bytes(300, 7);
    message.options[option4::vendor_class] = {};
    const Bytes bytes = encode(message);
    EXPECT_EQ(parse_message4(bytes), Parsed<Message4>(message));
    const std::size_t second = options_at + 6 + 3 + 2 + 2 + 255;
    EXPECT_EQ(bytes[second], option4::user_class);
    EXPECT_EQ(bytes[second + 1], 300 - 255);
}

TEST(DhcpMessage4, PiecesOfAnOptionAreJoinedWhereverTheyAre) {
    EXPECT_THAT(options_of(with_options({52, 1, 3, 12, 1, 'a', 0, 12, 1, 'b', 255, 12, 1, 'x'},
                                        {12, 1, 'c', 255, 12, 1, 'y'}, {12, 1, 'd'})),
                ElementsAre(Options4::value_type{12, {'a', 'b', 'c', 'd'}}));
    EXPECT_THAT(options_of(with_options({52, 1, 1}, {12, 1, 'c'}, {12, 1, 'd'})),
                ElementsAre(Options4::value_type{12, {'c'}}));
    EXPECT_THAT(options_of(with_options({52, 1, 2}, {12, 1, 'c'}, {12, 1, 'd'})),
                ElementsAre(Options4::value_type{12, {'d'}}));
    EXPECT_THAT(options_of(with_options({12, 0}, {12, 1, 'c'}, {12, 1, 'd'})),
                ElementsAre(Options4::value_type{12, {}}));
}

TEST(DhcpMessage4, FieldsWithOptionsDoNotAnnounceOthers) {
    EXPECT_THAT(options_of(with_options({52, 1, 1}, {52, 1, 2}, {12, 1, 'd'})), ElementsAre());
}

TEST(DhcpMessage4, WhatIsCutOffIsRefused) {
    const Bytes whole = with_options({53, 1, 5});
    EXPECT_EQ(why_not(whole), "");
    for (std::size_t size = 0; size < options_at; ++size)
        EXPECT_EQ(why_not(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
                  "shorter than a message");
    EXPECT_EQ(why_not(with_options({})), "");
    constexpr std::string_view cut = "an option that is cut off, or an overload that is none";
    EXPECT_EQ(why_not(with_options({53})), cut);
    EXPECT_EQ(why_not(with_options({53, 1})), cut);
    EXPECT_EQ(why_not(with_options({53, 255, 1, 1})), cut);
    for (const std::uint8_t where : Bytes{0, 4, 255})
        EXPECT_EQ(why_not(with_options({52, 1, where})), cut);
    EXPECT_EQ(why_not(with_options({52, 0})), cut);
    EXPECT_EQ(why_not(with_options({52, 2, 1, 1})), cut);
    EXPECT_EQ(why_not(with_options({52, 1, 1, 52, 1, 2})), cut);
    Bytes last_of_file(128);
    last_of_file.back() = option4::host_name;
    EXPECT_EQ(why_not(with_options({52, 1, 1}, last_of_file)), cut);
    EXPECT_EQ(why_not(with_options({52, 1, 2}, {}, {12, 63})), cut);
}

TEST(DhcpMessage4, WhatIsNoDhcpIsRefused) {
    const auto with = [](std::size_t at, std::uint8_t value) {
        Bytes bytes = with_options({53, 1, 5, 255});
        bytes[at] = value;
        return bytes;
    };
    EXPECT_EQ(why_not(with(0, 1)), "");
    for (const std::uint8_t op : Bytes{0, 3, 255})
        EXPECT_EQ(why_not(with(0, op)), "neither request nor reply");
    EXPECT_EQ(why_not(with(1, 32)), "not for an Ethernet client");
    for (const std::uint8_t size : Bytes{0, 5, 7, 16, 255})
        EXPECT_EQ(why_not(with(2, size)), "not for an Ethernet client");
    EXPECT_EQ(why_not(with(cookie_at, 98)), "without the magic cookie of DHCP");
    EXPECT_EQ(why_not(with(cookie_at + 3, 98)), "without the magic cookie of DHCP");
}

TEST(DhcpMessage4, ATypeIsOneByteThatIsKnown) {
    const auto type = [](Bytes option) {
        return Message4{.options = {{option4::message_type, std::move(option)}}}.type();
    };
    EXPECT_EQ(type({1}), Type4::discover);
    EXPECT_EQ(type({8}), Type4::inform);
    EXPECT_EQ(type({0}), std::nullopt);
    EXPECT_EQ(type({9}), std::nullopt);
    EXPECT_EQ(type({}), std::nullopt);
    EXPECT_EQ(type({5, 5}), std::nullopt);
    EXPECT_EQ(Message4{}.type(), std::nullopt);
}

}  // namespace
}  // namespace cni::dhcp
