#include "sys/dbus_message.h"

#include "base/error.h"

namespace cni::dbus {
namespace {

constexpr std::size_t message_max = 1 << 20;
constexpr std::uint8_t version = 1, no_auto_start = 2;

/// Fields of a header.
enum Field : std::uint8_t {
    field_path = 1,
    field_interface = 2,
    field_member = 3,
    field_error_name = 4,
    field_reply_serial = 5,
    field_destination = 6,
    field_signature = 8,
};

constexpr std::size_t aligned(std::size_t size, std::size_t to) {
    return (size + to - 1) / to * to;
}

class Writer {
public:
    void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
    void align(std::size_t to) { out_.resize(aligned(out_.size(), to)); }
    void number(std::uint32_t value) {
        align(4);
        for (int shift = 0; shift < 32; shift += 8) byte(static_cast<std::uint8_t>(value >> shift));
    }
    void text(std::string_view value) {
        number(static_cast<std::uint32_t>(value.size()));
        out_.append(value).push_back(0);
    }
    void signature(std::string_view value) {
        byte(static_cast<std::uint8_t>(value.size()));
        out_.append(value).push_back(0);
    }
    void field(Field field, std::string_view type, std::string_view value) {
        align(8);
        byte(field);
        signature(type);
        type == "g" ? signature(value) : text(value);
    }
    const std::string& bytes() const { return out_; }

private:
    std::string out_;
};

std::string encode_fields(const Call& call) {
    Writer out;
    out.field(field_path, "o", call.path);
    out.field(field_interface, "s", call.interface);
    out.field(field_member, "s", call.member);
    out.field(field_destination, "s", call.destination);
    if (!call.arguments.empty())
        out.field(field_signature, "g", std::string(call.arguments.size(), 's'));
    return out.bytes();
}

Error garbled(std::string_view what) {
    return Error(Code::decoding_failure, cat("a message of D-Bus is garbled: ", what));
}

/// Alignment counts from the first of `bytes`.
class Reader {
public:
    Reader(std::string_view bytes, bool is_big) : bytes_(bytes), is_big_(is_big) {}

    bool at_end() const { return at_ == bytes_.size(); }
    void align(std::size_t to) { take(aligned(at_, to) - at_); }
    std::uint8_t byte() { return static_cast<std::uint8_t>(take(1)[0]); }
    std::uint32_t number() {
        align(4);
        std::uint32_t value = 0;
        for (unsigned i = 0; i < 4; ++i)
            value |= std::uint32_t{byte()} << 8 * (is_big_ ? 3 - i : i);
        return value;
    }
    std::string_view text() { return ended(number()); }
    std::string_view signature() { return ended(byte()); }
    std::string_view take(std::size_t size) {
        if (size > bytes_.size() - at_) throw garbled("it ends too soon");
        at_ += size;
        return bytes_.substr(at_ - size, size);
    }

private:
    std::string_view ended(std::size_t size) {
        const auto value = take(size);
        if (byte() != 0) throw garbled("a text has no end");
        return value;
    }
    std::string_view bytes_;
    std::size_t at_ = 0;
    bool is_big_;
};

bool is_big_endian(std::string_view bytes) {
    if (bytes[0] != 'l' && bytes[0] != 'B') throw garbled("it has no byte order");
    return bytes[0] == 'B';
}

/// What the first 16 bytes say.
struct Preamble {
    Type type;
    std::size_t body, fields;
    std::uint32_t serial;
};

Preamble parse_preamble(std::string_view bytes) {
    if (bytes.size() < preamble) throw garbled("it ends too soon");
    Reader in(bytes.substr(0, preamble), is_big_endian(bytes));
    in.byte();
    const auto type = static_cast<Type>(in.byte());
    in.byte();
    if (in.byte() != version) throw garbled("it is of another version");
    const std::size_t body = in.number();
    const std::uint32_t serial = in.number();
    const std::size_t fields = in.number();
    if (body > message_max || fields > message_max) throw garbled("it is too large");
    return {type, body, fields, serial};
}

/// Returns the signature of the body, "" without one.
std::string_view take_fields(Reader& in, Message& message) {
    std::string_view body;
    while (!in.at_end()) {
        in.align(8);
        const std::uint8_t field = in.byte();
        const auto type = in.signature();
        if (type == "u") {
            const std::uint32_t value = in.number();
            if (field == field_reply_serial) message.reply_to = value;
        } else if (type == "g") {
            const auto value = in.signature();
            if (field == field_signature) body = value;
        } else if (type == "s" || type == "o") {
            const auto value = in.text();
            if (field == field_error_name) message.error_name = value;
        } else {
            throw garbled("a field of its header is of an unknown type");
        }
    }
    return body;
}

void take_body(Reader in, std::string_view signature, Message& message) {
    if (signature.starts_with('s')) message.text = in.text();
    if (!signature.starts_with('b')) return;
    const std::uint32_t value = in.number();
    if (value > 1) throw garbled("a truth value is neither true nor false");
    message.flag = value == 1;
}

}  // namespace

std::string encode(const Call& call, std::uint32_t serial) {
    Writer body;
    for (const std::string& argument : call.arguments) body.text(argument);
    const std::string fields = encode_fields(call);
    Writer out;
    out.byte('l');
    out.byte(static_cast<std::uint8_t>(Type::call));
    out.byte(no_auto_start);
    out.byte(version);
    out.number(static_cast<std::uint32_t>(body.bytes().size()));
    out.number(serial);
    out.number(static_cast<std::uint32_t>(fields.size()));
    std::string bytes = out.bytes() + fields;
    bytes.resize(aligned(bytes.size(), 8));
    return bytes + body.bytes();
}

std::size_t size_of(std::string_view beginning) {
    const Preamble start = parse_preamble(beginning);
    return preamble + aligned(start.fields, 8) + start.body;
}

Message parse(std::string_view bytes) {
    const Preamble start = parse_preamble(bytes);
    if (bytes.size() != size_of(bytes)) throw garbled("it has another size than it says");
    const bool is_big = is_big_endian(bytes);
    Message message{.type = start.type, .serial = start.serial};
    Reader fields(bytes.substr(preamble, start.fields), is_big);
    const auto signature = take_fields(fields, message);
    take_body(Reader(bytes.substr(bytes.size() - start.body), is_big), signature, message);
    return message;
}

}  // namespace cni::dbus
