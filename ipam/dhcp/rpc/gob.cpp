#include "gob.h"

#include <limits>
#include <utility>

namespace cni::dhcp::gob {
namespace {

using Type = Decoder::Type;

constexpr int max_depth = 16;
constexpr std::size_t max_values = 1u << 16, max_types = 256, max_fields = 256;

Error malformed(std::string_view what) {
    return Error(Code::decoding_failure, cat("malformed message of package encoding/gob: ", what));
}

// The bytes of one message, from front to end.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool at_end() const { return text_.empty(); }

    std::string_view take(std::uint64_t size) {
        if (size > text_.size()) throw malformed("it is cut off");
        const std::string_view taken = text_.substr(0, size);
        text_.remove_prefix(size);
        return taken;
    }

    // Below 128 one byte, else the number of bytes that follow, negated.
    std::uint64_t get_unsigned() {
        const auto first = static_cast<std::uint8_t>(take(1)[0]);
        if (first < 128) return first;
        const int size = 256 - first;
        if (size > 8) throw malformed("a number has more than 8 bytes");
        std::uint64_t number = 0;
        for (const char byte : take(static_cast<std::uint64_t>(size)))
            number = number << 8 | static_cast<std::uint8_t>(byte);
        return number;
    }

    // The lowest bit tells whether the others are complemented.
    std::int64_t get_signed() {
        const std::uint64_t number = get_unsigned();
        const auto half = static_cast<std::int64_t>(number >> 1);
        return (number & 1) != 0 ? ~half : half;
    }

    std::string get_bytes() { return std::string(take(get_unsigned())); }

    std::size_t get_count(std::size_t max) {
        const std::uint64_t count = get_unsigned();
        if (count > max) throw malformed("it has more elements than anybody needs");
        return count;
    }

    // Calls `read` with the number of each field of a struct.
    template <typename F>
    void each_field(F&& read) {
        std::size_t field = std::numeric_limits<std::size_t>::max();
        while (const std::uint64_t step = get_unsigned()) {
            if (step > max_fields) throw malformed("it has fields of no type");
            field += step;
            read(field);
        }
    }

private:
    std::string_view text_;
};

// Definitions are structs of the types "wireType" and so on, which no stream defines.
std::int64_t read_common(Reader& in) {
    std::int64_t id = 0;
    in.each_field([&](std::size_t field) {
        if (field == 0) return void(in.get_bytes());  // the name
        if (field != 1) throw malformed("a type has an unknown attribute");
        id = in.get_signed();
    });
    return id;
}

void read_struct_field(Reader& in, Type& type) {
    std::string name;
    std::int64_t id = 0;
    in.each_field([&](std::size_t field) {
        if (field == 0) return void(name = in.get_bytes());
        if (field != 1) throw malformed("a field has an unknown attribute");
        id = in.get_signed();
    });
    type.names.push_back(std::move(name));
    type.types.push_back(id);
}

void read_attribute(Reader& in, Type& type) {
    if (type.kind != Type::Kind::structure) return type.types.push_back(in.get_signed());
    for (std::size_t left = in.get_count(max_fields); left > 0; --left) read_struct_field(in, type);
}

// In the order of wireType's fields: array, slice, struct, map, and three that encode themselves.
Type read_type(Reader& in) {
    constexpr Type::Kind kinds[] = {
        Type::Kind::sequence, Type::Kind::sequence, Type::Kind::structure, Type::Kind::map,
        Type::Kind::opaque,   Type::Kind::opaque,   Type::Kind::opaque};
    Type type;
    in.each_field([&](std::size_t field) {
        if (field >= std::size(kinds)) throw malformed("a type is of an unknown kind");
        type = {.kind = kinds[field], .names = {}, .types = {}};
        in.each_field([&](std::size_t attribute) {
            if (attribute == 0)
                read_common(in);
            else
                read_attribute(in, type);
        });
    });
    if (type.kind == Type::Kind::structure || type.kind == Type::Kind::opaque) return type;
    // Behind that of its elements, an array has its length.
    const std::size_t parts = type.kind == Type::Kind::sequence ? 1 : 2;
    if (type.types.size() < parts) throw malformed("a type lacks those of its parts");
    type.types.resize(parts);
    return type;
}

// A value of a type, and what is in it.
class ValueReader {
public:
    ValueReader(Reader& in, const std::map<std::int64_t, Type>& types) : in_(in), types_(types) {}

    Value read(std::int64_t id, int depth = 0) {
        if (depth > max_depth || ++count_ > max_values) throw malformed("it is too large");
        if (id < first_id) return read_basic(id);
        const auto type = types_.find(id);
        if (type == types_.end()) throw malformed(cat("type ", id, " is not defined"));
        return read(type->second, depth);
    }

private:
    Value read(const Type& type, int depth) {
        Value value;
        if (type.kind == Type::Kind::structure) {
            read_fields(type, value, depth);
        } else if (type.kind == Type::Kind::opaque) {
            value.bytes = in_.get_bytes();
        } else {
            for (std::size_t left = in_.get_count(max_values); left > 0; --left)
                for (const std::int64_t element : type.types)
                    value.elements.push_back(read(element, depth + 1));
        }
        return value;
    }

    void read_fields(const Type& type, Value& value, int depth) {
        in_.each_field([&](std::size_t field) {
            if (field >= type.names.size()) throw malformed("a struct has more fields than told");
            value.fields.insert_or_assign(type.names[field], read(type.types[field], depth + 1));
        });
    }

    Value read_basic(std::int64_t id) {
        constexpr std::int64_t float_id = 4, complex_id = 7;
        Value value;
        switch (id) {
            case int_id:
                value.number = in_.get_signed();
                break;
            case bool_id:
            case uint_id:
                value.number = to_number(in_.get_unsigned());
                break;
            case bytes_id:
            case string_id:
                value.bytes = in_.get_bytes();
                break;
            case complex_id:
                in_.get_unsigned();
                [[fallthrough]];
            case float_id:
                in_.get_unsigned();
                break;
            default:
                throw malformed(cat("type ", id, " is not known"));
        }
        return value;
    }

    static std::int64_t to_number(std::uint64_t number) {
        if (number > std::numeric_limits<std::int64_t>::max())
            throw malformed("a number is out of range");
        return static_cast<std::int64_t>(number);
    }

    Reader& in_;
    const std::map<std::int64_t, Type>& types_;
    std::size_t count_ = 0;
};

// Of a value that is no struct, a 0 comes first.
void skip_mark(Reader& in, std::int64_t id, const std::map<std::int64_t, Type>& types) {
    const auto type = types.find(id);
    const bool is_struct = type != types.end() && type->second.kind == Type::Kind::structure;
    if (!is_struct && in.get_unsigned() != 0) throw malformed("a value lacks its mark");
}

}  // namespace

const Value& Value::operator[](std::string_view name) const {
    static const Value none;
    const auto found = fields.find(name);
    return found == fields.end() ? none : found->second;
}

std::optional<std::string_view> Decoder::next_message() {
    const std::string_view left = std::string_view(pending_).substr(used_);
    if (left.empty()) return {};
    const auto first = static_cast<std::uint8_t>(left[0]);
    const std::size_t header = first < 128 ? 1 : 257u - first;
    if (left.size() < header) return {};
    Reader in(left);
    const std::uint64_t size = in.get_unsigned();
    if (size > max_message) throw malformed(cat("it has ", size, " bytes"));
    if (left.size() - header < size) return {};
    used_ += header + size;
    return left.substr(header, size);
}

std::optional<Value> Decoder::next() {
    while (const auto message = next_message()) {
        Reader in(*message);
        const std::int64_t id = in.get_signed();
        if (id >= 0) {
            skip_mark(in, id, types_);
            Value value = ValueReader(in, types_).read(id);
            pending_.erase(0, std::exchange(used_, 0));
            return value;
        }
        if (types_.size() == max_types || id == std::numeric_limits<std::int64_t>::min())
            throw malformed("it has too many types");
        types_.insert_or_assign(-id, read_type(in));
    }
    pending_.erase(0, std::exchange(used_, 0));
    return {};
}

void put_unsigned(std::string& out, std::uint64_t number) {
    if (number < 128) return out.push_back(static_cast<char>(number));
    int size = 1;
    while (size < 8 && number >> (8 * size) != 0) ++size;
    out.push_back(static_cast<char>(-size));
    while (size-- > 0) out.push_back(static_cast<char>(number >> (8 * size)));
}

void put_signed(std::string& out, std::int64_t number) {
    const bool is_negative = number < 0;
    const auto half = static_cast<std::uint64_t>(is_negative ? ~number : number);
    put_unsigned(out, half << 1 | (is_negative ? 1 : 0));
}

void put_bytes(std::string& out, std::string_view bytes) {
    put_unsigned(out, bytes.size());
    out.append(bytes);
}

std::string frame(std::string_view content) {
    std::string out;
    put_unsigned(out, content.size());
    out.append(content);
    return out;
}

void StructWriter::begin(int field) {
    put_unsigned(out_, static_cast<std::uint64_t>(field - last_));
    last_ = field;
}

void StructWriter::text(int field, std::string_view text) {
    if (text.empty()) return;
    begin(field);
    put_bytes(out_, text);
}

void StructWriter::number(int field, std::int64_t number) {
    if (number == 0) return;
    begin(field);
    put_signed(out_, number);
}

void StructWriter::unsigned_number(int field, std::uint64_t number) {
    if (number == 0) return;
    begin(field);
    put_unsigned(out_, number);
}

namespace {

// A definition: a struct "wireType", in which the type stands as the field of its kind.
template <typename F>
std::string define(int id, std::string_view name, int kind, F&& write) {
    return encode_struct(-id, [&](StructWriter& wire) {
        wire.structure(kind, [&](StructWriter& type) {
            type.structure(0, [&](StructWriter& common) {
                common.text(0, name);
                common.number(1, id);
            });
            write(type);
        });
    });
}

}  // namespace

std::string define_struct(int id, std::string_view name, std::span<const Field> fields) {
    return define(id, name, 2, [&](StructWriter& type) {
        type.slice(1, fields, [](std::string& out, const Field& field) {
            StructWriter writer(out);
            writer.text(0, field.name);
            writer.number(1, field.type);
        });
    });
}

std::string define_slice(int id, int element) {
    return define(id, {}, 1, [&](StructWriter& type) { type.number(1, element); });
}

}  // namespace cni::dhcp::gob
