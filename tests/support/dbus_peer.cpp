#include "support/dbus_peer.h"

#include <sys/socket.h>

#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace cni::test {
namespace {

void require(bool is_true, const char* what) {
    if (!is_true) throw Error(Code::decoding_failure, cat("no D-Bus: ", what));
}

// What comes and goes is of this machine's byte order.
std::uint32_t number_at(const std::string& bytes, std::size_t at) {
    std::uint32_t value;
    require(at % 4 == 0 && at + sizeof value <= bytes.size(), "a number");
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}
void put_number(std::string& out, std::uint32_t value) {
    out.resize((out.size() + 3) / 4 * 4);
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Reads strings, objects and signatures, all as text, and steps over their ends.
std::string text_at(const std::string& bytes, std::size_t& at, char type) {
    if (type != 'g')
        for (; at % 4 != 0; ++at) require(bytes.at(at) == 0, "padding");
    const std::size_t size =
        type == 'g' ? static_cast<unsigned char>(bytes.at(at)) : number_at(bytes, at);
    at += type == 'g' ? 1 : 4;
    require(at + size < bytes.size() && bytes[at + size] == 0, "the end of a text");
    at += size + 1;
    return bytes.substr(at - size - 1, size);
}
void put_text(std::string& out, const std::string& text) {
    put_number(out, static_cast<std::uint32_t>(text.size()));
    out.append(text).push_back(0);
}

void put_field(std::string& out, char code, char type, const std::string& value) {
    out.resize((out.size() + 7) / 8 * 8);
    out += code;
    out += '\1';
    out += type;
    out += '\0';
    if (type == 'g') {
        out += static_cast<char>(value.size());
        out.append(value).push_back(0);
    } else {
        put_text(out, value);
    }
}
void put_field(std::string& out, char code, std::uint32_t value) {
    out.resize((out.size() + 7) / 8 * 8);
    out += code;
    out.append("\1u\0", 3);
    put_number(out, value);
}

/// `fields` and what follows are aligned as in the message.
std::string message_of(char type, std::uint32_t serial, const std::string& fields,
                       const std::string& body) {
    constexpr std::uint32_t one = 1;
    const bool is_little = *reinterpret_cast<const char*>(&one) == 1;
    std::string out{is_little ? 'l' : 'B', type, 0, 1};
    put_number(out, static_cast<std::uint32_t>(body.size()));
    put_number(out, serial);
    put_number(out, static_cast<std::uint32_t>(fields.size()));
    out += fields;
    out.resize((out.size() + 7) / 8 * 8);
    return out + body;
}

std::optional<BusCall> parse(const std::string& bytes) {
    if (bytes[1] != 1) return {};
    BusCall call{.serial = number_at(bytes, 8)};
    const std::size_t end = 16 + number_at(bytes, 12);
    std::string signature;
    for (std::size_t at = 16; at < end;) {
        for (; at % 8 != 0; ++at) require(bytes.at(at) == 0, "padding");
        const char code = bytes.at(at);
        ++at;
        const std::string type = text_at(bytes, at, 'g');
        require(type == "s" || type == "o" || type == "g", "a field");
        const std::string value = text_at(bytes, at, type[0]);
        if (code == 2) call.interface = value;
        if (code == 3) call.member = value;
        if (code == 7) call.sender = value;
        if (code == 8) signature = value;
    }
    std::size_t at = (end + 7) / 8 * 8;
    for (const char type : signature) call.arguments.push_back(text_at(bytes, at, type));
    require(at == bytes.size(), "the size of a body");
    return call;
}

std::string call_of(std::uint32_t serial, const std::string& member, const std::string& name) {
    std::string fields, body;
    put_field(fields, 1, 'o', "/org/freedesktop/DBus");
    put_field(fields, 2, 's', "org.freedesktop.DBus");
    put_field(fields, 3, 's', member);
    put_field(fields, 6, 's', "org.freedesktop.DBus");
    if (!name.empty()) {
        put_field(fields, 8, 'g', "su");
        put_text(body, name);
        put_number(body, 0);
    }
    return message_of(1, serial, fields, body);
}

}  // namespace

bool DbusPeer::receive() {
    char buffer[4096];
    const ssize_t size = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (size <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(size));
    return true;
}

void DbusPeer::say(const std::string& bytes) const {
    write_all(socket_.get(), bytes, "the other side");
}

std::string DbusPeer::line() {
    std::size_t end;
    while ((end = received_.find("\r\n")) == received_.npos) require(receive(), "a line");
    const std::string out = received_.substr(0, end);
    received_.erase(0, end + 2);
    return out;
}

void DbusPeer::welcome() {
    require(line() == cat('\0', "AUTH EXTERNAL"), "how it begins");
    say("DATA\r\n");
    require(line() == "DATA", "who it is");
    say("OK 00112233445566778899aabbccddeeff\r\n");
    require(line() == "BEGIN", "the end of its introduction");
}

void DbusPeer::register_name(const std::string& name) {
    say(cat('\0', "AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"));
    while (!line().starts_with("OK ")) continue;
    say(call_of(1, "Hello", {}) + call_of(2, "RequestName", name));
    // What answers either, and signals: whether the name is had turns out when it is asked for.
    for (int answers = 0; answers < 2;) {
        const auto bytes = message();
        require(bytes && (*bytes)[1] != 3, "that the bus wants a service");
        answers += (*bytes)[1] == 2;
    }
}

std::optional<std::string> DbusPeer::message() {
    while (received_.size() < 16)
        if (!receive()) return {};
    const std::size_t size = 16 + (number_at(received_, 12) + 7) / 8 * 8 + number_at(received_, 4);
    while (received_.size() < size)
        if (!receive()) return {};
    std::string out = received_.substr(0, size);
    received_.erase(0, size);
    return out;
}

std::optional<BusCall> DbusPeer::next() {
    while (const auto bytes = message())
        if (auto call = parse(*bytes)) return call;
    return {};
}

void DbusPeer::answer(const BusCall& call, const BusAnswer& answer) {
    std::string fields, body;
    put_field(fields, 5, call.serial);
    if (!call.sender.empty()) put_field(fields, 6, 's', call.sender);
    if (!answer.error.empty()) put_field(fields, 4, 's', answer.error);
    if (answer.flag) {
        put_field(fields, 8, 'g', "b");
        put_number(body, *answer.flag ? 1 : 0);
    } else if (answer.text) {
        put_field(fields, 8, 'g', "s");
        put_text(body, *answer.text);
    }
    say(message_of(answer.error.empty() ? 2 : 3, call.serial + 1, fields, body));
}

}  // namespace cni::test
