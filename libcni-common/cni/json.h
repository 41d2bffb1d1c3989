#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "net/ip.h"

namespace cni {

/// Largest document taken, in bytes, how deep it may nest and how many values it may hold: a value
/// takes up to 90 bytes of memory, however short it is written.
constexpr std::size_t max_json_size = 4u << 20;
constexpr int max_json_depth = 128;
constexpr std::size_t max_json_values = 1u << 19;

/// Text that is no JSON document.
class JsonSyntaxError : public Error {
public:
    JsonSyntaxError(std::string problem, std::size_t offset_)
        : Error(Code::decoding_failure, std::move(problem)), offset(offset_) {}
    std::size_t offset;  ///< byte where what cannot be read begins
};

class ConfigError;

/// A read-only JSON value that knows where it stands ("ipam.ranges[0][1].subnet"). It shares
/// ownership of the document, so it may outlive the variable it came from; copies are cheap.
///
/// Keys are found as the reference plugins find them: the last one that equals the name, whatever
/// the letter case; null counts as absent.
///
/// Accessors throw ConfigError with the path when a value has the wrong type or a string
/// holds a NUL character.
class Json {
public:
    /// null
    Json();
    /// Throws JsonSyntaxError: `what`, then line, column and what was expected there.
    static Json parse(std::string_view text, std::string_view what);

    bool is_null() const;
    bool is_object() const;
    bool is_array() const;
    bool is_string() const;
    bool is_bool() const;

    std::optional<Json> find(std::string_view key) const;
    /// As find, with the letters compared exactly (network lists).
    std::optional<Json> find_exact(std::string_view key) const;

    std::string as_string() const;
    bool as_bool() const;
    /// An integer without fraction or exponent, between `min` and `max`.
    std::int64_t as_int(std::int64_t min, std::int64_t max) const;
    /// Elements; null has none.
    std::vector<Json> as_list() const;
    /// As written, repeated keys included; null has none.
    std::vector<std::pair<std::string, Json>> members() const;
    /// Throws unless this is an object or null.
    const Json& require_object() const;

    std::string string_or(std::string_view key, std::string_view otherwise) const;
    bool bool_or(std::string_view key, bool otherwise) const;
    std::int64_t int_or(std::string_view key, std::int64_t min, std::int64_t max,
                        std::int64_t otherwise) const;
    /// Elements of a list; none when absent.
    std::vector<Json> list(std::string_view key) const;
    std::vector<std::string> string_list(std::string_view key) const;
    /// nullopt when absent or "".
    std::optional<Ip> ip(std::string_view key) const;
    std::optional<Prefix> prefix(std::string_view key) const;
    /// This value as an address or CIDR: "invalid IP address: x", "invalid CIDR address: x".
    Ip as_ip() const;
    Prefix as_prefix() const;

    /// "ipam.subnet"; empty for the document itself.
    const std::string& path() const { return path_; }
    /// "number", "string", "object", ...
    std::string_view type_name() const;
    /// The same for a sentence: "a number", "an object", "null".
    std::string_view kind() const;
    /// Byte position in the parsed text: of the value, or of the key for a member of an object.
    std::size_t offset() const;
    /// Compact JSON text, keys sorted and repeated ones resolved; numbers keep their digits.
    std::string dump() const;
    /// An error saying `"<path>" <problem>`, with the value in its details.
    ConfigError invalid(std::string_view problem) const;

private:
    friend struct JsonReader;
    struct Value;
    struct Member;
    Json(std::shared_ptr<const Value> value, std::string path, std::size_t offset);
    Json member(const Member& m) const;
    ConfigError not_a(std::string_view wanted) const;

    std::shared_ptr<const Value> value_;
    std::string path_;
    std::size_t offset_ = 0;
};

/// Error(invalid_config) that knows which value of the configuration is at fault.
class ConfigError : public Error {
public:
    ConfigError(const Json& at, std::string msg_, std::string details_ = {})
        : ConfigError(at.offset(), std::move(msg_), std::move(details_)) {}
    ConfigError(std::size_t offset_, std::string msg_, std::string details_ = {})
        : Error(Code::invalid_config, std::move(msg_), std::move(details_)), offset(offset_) {}
    std::size_t offset;  ///< as Json::offset()
};

/// Where byte `offset` of a text stands, both counted from 1; columns are bytes.
struct TextPosition {
    std::size_t line, column;
    auto operator<=>(const TextPosition&) const = default;
};
TextPosition text_position(std::string_view text, std::size_t offset);

}  // namespace cni
