#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// The encoding of Go's package encoding/gob, as far as calls of net/rpc need it. A stream tells
/// the layout of each of its types before it uses it, so either side may know other fields than
/// ours.
namespace cni::dhcp::gob {

/// The largest message taken, in bytes: a configuration with what is around it.
constexpr std::size_t max_message = 8u << 20;

/// What was sent of some type. What this type has none of, or was zero, and therefore left out, is
/// empty: nobody has to ask whether it is there.
struct Value {
    std::int64_t number = 0;  ///< of a number or bool; unsigned ones above its range are refused
    std::string bytes;        ///< of a string or []byte
    std::vector<Value> elements;  ///< of a slice or array
    std::map<std::string, Value, std::less<>> fields;

    /// A field, empty without one.
    const Value& operator[](std::string_view name) const;
};

/// One direction of a connection, from its beginning.
class Decoder {
public:
    /// What has come, in bites of any size.
    void feed(std::string_view bytes) { pending_.append(bytes); }
    /// The next value, once all of it has come; the types told before it are remembered. Throws
    /// Error(decoding_failure), and must not be asked again then.
    std::optional<Value> next();

    /// How a type is laid out: a struct has names and types of fields, a slice or array the type of
    /// its elements, a map two types.
    struct Type {
        enum class Kind { structure, sequence, map, opaque } kind = Kind::opaque;
        std::vector<std::string> names;
        std::vector<std::int64_t> types;
    };

private:
    std::optional<std::string_view> next_message();
    std::string pending_;
    std::size_t used_ = 0;  ///< bytes of `pending_` that were read
    std::map<std::int64_t, Type> types_;
};

/// Ids of types that need no definition; definitions have ids from first_id on.
enum Basic : int { bool_id = 1, int_id = 2, uint_id = 3, bytes_id = 5, string_id = 6 };
constexpr int first_id = 64;

void put_unsigned(std::string& out, std::uint64_t number);
void put_signed(std::string& out, std::int64_t number);

struct Field {
    std::string_view name;
    int type;
};
/// Messages that define a type.
std::string define_struct(int id, std::string_view name, std::span<const Field> fields);
std::string define_slice(int id, int element);

/// Writes the fields of a struct in the order of their numbers, which count from 0.
class StructWriter {
public:
    explicit StructWriter(std::string& out) : out_(out) {}
    StructWriter(const StructWriter&) = delete;
    StructWriter& operator=(const StructWriter&) = delete;
    ~StructWriter() { out_.push_back('\0'); }

    /// A string or []byte; left out when it is empty, as numbers are that are 0.
    void text(int field, std::string_view text);
    void number(int field, std::int64_t number);
    void unsigned_number(int field, std::uint64_t number);
    template <typename F>
    void structure(int field, F&& write) {
        begin(field);
        StructWriter inner(out_);
        write(inner);
    }
    /// `write` gets each element and where it goes.
    template <typename Range, typename F>
    void slice(int field, const Range& range, F&& write) {
        if (range.empty()) return;
        begin(field);
        put_unsigned(out_, range.size());
        for (const auto& element : range) write(out_, element);
    }

private:
    void begin(int field);
    std::string& out_;
    int last_ = -1;
};

/// A message that holds a struct of type `id`.
template <typename F>
std::string encode_struct(int id, F&& write);
/// A message around its content.
std::string frame(std::string_view content);

template <typename F>
std::string encode_struct(int id, F&& write) {
    std::string content;
    put_signed(content, id);
    {
        StructWriter writer(content);
        write(writer);
    }
    return frame(content);
}

/// Appends a string, as an element of a slice.
void put_bytes(std::string& out, std::string_view bytes);

}  // namespace cni::dhcp::gob
