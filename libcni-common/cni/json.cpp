#include "cni/json.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <variant>

#include "cni/json_writer.h"

namespace cni {

struct Json::Value {
    struct Number {
        std::string digits;  // as written, so that nothing is lost on the way through
    };
    using Array = std::vector<Value>;
    using Object = std::vector<Member>;
    std::variant<std::nullptr_t, bool, Number, std::string, Array, Object> data;
    std::size_t offset = 0;
};

struct Json::Member {
    std::string key;
    std::size_t offset;
    Value value;
};

namespace {

std::string shortened(std::string_view text) {
    constexpr std::size_t max_length = 200;
    return text.size() <= max_length ? std::string(text) : cat(text.substr(0, max_length), "...");
}

constexpr std::string_view kinds[] = {"null",     "a bool",   "a number",
                                      "a string", "an array", "an object"};

}  // namespace

// Receives the events of the JSON library's parser and builds the document.
struct JsonReader {
    using Value = Json::Value;
    std::string_view text;
    const char* consumed;  // how far the parser has read
    std::size_t token_end = 0;
    Value document{};
    std::vector<Value*> open{};
    std::size_t values = 0;
    std::string problem{};
    std::size_t problem_offset = 0;

    bool null() { return add({nullptr, start()}); }
    bool boolean(bool v) { return add({v, start()}); }
    bool number_integer(std::int64_t v) { return add({Value::Number{std::to_string(v)}, start()}); }
    bool number_unsigned(std::uint64_t v) {
        return add({Value::Number{std::to_string(v)}, start()});
    }
    bool number_float(double, const std::string& digits) {
        return add({Value::Number{digits}, start()});
    }
    bool string(std::string& v) { return add({std::move(v), start()}); }
    bool binary(nlohmann::json::binary_t&) { return false; }
    bool start_object(std::size_t) { return descend({Value::Object{}, start()}); }
    bool start_array(std::size_t) { return descend({Value::Array{}, start()}); }
    bool end_object() { return ascend(); }
    bool end_array() { return ascend(); }
    bool key(std::string& name) {
        std::get<Value::Object>(open.back()->data).push_back({std::move(name), start(), {}});
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
        // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
        std::string_view what = error.what();
        what.remove_prefix(what.find("] ") + 2);
        const auto place = what.find("at line ");
        // The library repeats the whole token it has read.
        problem = shortened(what.substr(place == what.npos ? 0 : place + 3));
        problem_offset = start();
        return false;
    }

    // A token begins behind the one before, the white space and the punctuation.
    std::size_t start() {
        const auto begin = text.find_first_not_of(" \t\r\n,:", token_end);
        token_end = static_cast<std::size_t>(consumed - text.data());
        return std::min(begin, token_end);
    }
    bool refuse(std::string why, const Value& value) {
        problem = std::move(why);
        problem_offset = value.offset;
        return false;
    }
    // nullptr when it is one too many.
    Value* place(Value value) {
        if (++values > max_json_values) {
            refuse(cat("more than ", max_json_values, " values"), value);
            return nullptr;
        }
        if (open.empty()) return &(document = std::move(value));
        if (auto* array = std::get_if<Value::Array>(&open.back()->data))
            return &array->emplace_back(std::move(value));
        return &(std::get<Value::Object>(open.back()->data).back().value = std::move(value));
    }
    bool add(Value value) { return place(std::move(value)) != nullptr; }
    bool descend(Value value) {
        if (open.size() == max_json_depth)
            return refuse(cat("nested deeper than ", max_json_depth, " levels"), value);
        Value* placed = place(std::move(value));
        if (!placed) return false;
        open.push_back(placed);
        return true;
    }
    bool ascend() {
        open.pop_back();
        start();
        return true;
    }
};

namespace {

// Tells the reader how far the parser has come.
struct CountingIterator {
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;
    const char* at;
    const char** consumed;
    reference operator*() const { return *at; }
    CountingIterator& operator++() {
        *consumed = ++at;
        return *this;
    }
    bool operator==(const CountingIterator& other) const { return at == other.at; }
    bool operator!=(const CountingIterator& other) const { return at != other.at; }
};

bool same_letters(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
               const auto fold = [](unsigned char c) {
                   return c >= 'A' && c <= 'Z' ? static_cast<unsigned char>(c | 0x20) : c;
               };
               return fold(x) == fold(y);
           });
}

}  // namespace

Json::Json() {
    static const auto nothing = std::make_shared<const Value>();
    value_ = nothing;
}

Json::Json(std::shared_ptr<const Value> value, std::string path, std::size_t offset)
    : value_(std::move(value)), path_(std::move(path)), offset_(offset) {}

Json Json::parse(std::string_view text, std::string_view what) {
    if (text.size() > max_json_size)
        throw JsonSyntaxError(cat(what, ": larger than ", max_json_size, " bytes"), 0);
    // For which versions of the library have words of their own.
    if (text.empty())
        throw JsonSyntaxError(
            cat(what, ": line 1, column 1: syntax error: unexpected end of input"), 0);
    // The library takes a NUL byte for the end of the text and would ignore what follows.
    if (const auto nul = text.find('\0'); nul != text.npos) {
        const TextPosition at = text_position(text, nul);
        throw JsonSyntaxError(cat(what, ": line ", at.line, ", column ", at.column, ": NUL byte"),
                              nul);
    }
    JsonReader reader{.text = text, .consumed = text.data()};
    const CountingIterator begin{text.data(), &reader.consumed};
    const CountingIterator end{text.data() + text.size(), nullptr};
    if (!nlohmann::json::sax_parse(begin, end, &reader))
        throw JsonSyntaxError(cat(what, ": ", reader.problem), reader.problem_offset);
    return {std::make_shared<const Value>(std::move(reader.document)), "", 0};
}

bool Json::is_null() const {
    return std::holds_alternative<std::nullptr_t>(value_->data);
}
bool Json::is_object() const {
    return std::holds_alternative<Value::Object>(value_->data);
}
bool Json::is_array() const {
    return std::holds_alternative<Value::Array>(value_->data);
}
bool Json::is_string() const {
    return std::holds_alternative<std::string>(value_->data);
}
bool Json::is_bool() const {
    return std::holds_alternative<bool>(value_->data);
}

std::string_view Json::type_name() const {
    const std::string_view name = kind();
    return name.substr(name.find(' ') + 1);
}

std::string_view Json::kind() const {
    return kinds[value_->data.index()];
}

std::size_t Json::offset() const {
    return offset_;
}

Json Json::member(const Member& m) const {
    return {std::shared_ptr<const Value>(value_, &m.value),
            path_.empty() ? m.key : cat(path_, ".", m.key), m.offset};
}

std::optional<Json> Json::find(std::string_view key) const {
    const auto* object = std::get_if<Value::Object>(&value_->data);
    if (!object) return {};
    for (auto m = object->rbegin(); m != object->rend(); ++m) {
        if (!same_letters(m->key, key)) continue;
        Json found = member(*m);
        if (!found.is_null()) return found;
    }
    return {};
}

std::optional<Json> Json::find_exact(std::string_view key) const {
    const auto* object = std::get_if<Value::Object>(&value_->data);
    if (!object) return {};
    for (auto m = object->rbegin(); m != object->rend(); ++m)
        if (m->key == key) return member(*m);
    return {};
}

std::vector<std::pair<std::string, Json>> Json::members() const {
    std::vector<std::pair<std::string, Json>> out;
    if (is_null()) return out;
    require_object();
    for (const Member& m : std::get<Value::Object>(value_->data))
        out.emplace_back(m.key, member(m));
    return out;
}

ConfigError Json::invalid(std::string_view problem) const {
    return ConfigError(
        *this, cat(path_.empty() ? std::string("configuration") : quote(path_), " ", problem),
        shortened(dump()));
}

ConfigError Json::not_a(std::string_view wanted) const {
    return invalid(cat("must be ", wanted, ", not ", kind()));
}

const Json& Json::require_object() const {
    if (!is_null() && !is_object()) throw not_a("an object");
    return *this;
}

std::string Json::as_string() const {
    if (!is_string()) throw not_a("a string");
    const std::string& text = std::get<std::string>(value_->data);
    // Names and paths end up in C strings, where the rest would be lost.
    if (text.find('\0') != text.npos) throw invalid("must not contain a NUL character");
    return text;
}

bool Json::as_bool() const {
    if (!is_bool()) throw not_a("true or false");
    return std::get<bool>(value_->data);
}

std::int64_t Json::as_int(std::int64_t min, std::int64_t max) const {
    const auto* number = std::get_if<Value::Number>(&value_->data);
    if (!number) throw not_a("an integer");
    const auto value = parse_int<std::int64_t>(number->digits);
    if (!value && number->digits.find_first_of(".eE") != std::string::npos)
        throw invalid("must be an integer without fraction or exponent");
    if (!value || *value < min || *value > max)
        throw invalid(cat("must be between ", min, " and ", max));
    return *value;
}

std::vector<Json> Json::as_list() const {
    std::vector<Json> out;
    if (is_null()) return out;
    if (!is_array()) throw not_a("a list");
    for (const Value& v : std::get<Value::Array>(value_->data))
        out.push_back(
            {std::shared_ptr<const Value>(value_, &v), cat(path_, "[", out.size(), "]"), v.offset});
    return out;
}

std::string Json::string_or(std::string_view key, std::string_view otherwise) const {
    const auto v = find(key);
    return v ? v->as_string() : std::string(otherwise);
}

bool Json::bool_or(std::string_view key, bool otherwise) const {
    const auto v = find(key);
    return v ? v->as_bool() : otherwise;
}

std::int64_t Json::int_or(std::string_view key, std::int64_t min, std::int64_t max,
                          std::int64_t otherwise) const {
    const auto v = find(key);
    return v ? v->as_int(min, max) : otherwise;
}

std::vector<Json> Json::list(std::string_view key) const {
    const auto v = find(key);
    return v ? v->as_list() : std::vector<Json>{};
}

std::vector<std::string> Json::string_list(std::string_view key) const {
    std::vector<std::string> out;
    for (const Json& v : list(key)) out.push_back(v.as_string());
    return out;
}

Ip Json::as_ip() const {
    const std::string text = as_string();
    if (const auto ip = Ip::parse(text)) return *ip;
    throw ConfigError(*this, cat("invalid IP address: ", text), cat("key ", quote(path_)));
}

Prefix Json::as_prefix() const {
    const std::string text = as_string();
    if (const auto prefix = Prefix::parse(text)) return *prefix;
    throw ConfigError(*this, cat("invalid CIDR address: ", text), cat("key ", quote(path_)));
}

std::optional<Ip> Json::ip(std::string_view key) const {
    const auto v = find(key);
    if (!v || (v->is_string() && v->as_string().empty())) return {};
    return v->as_ip();
}

std::optional<Prefix> Json::prefix(std::string_view key) const {
    const auto v = find(key);
    if (!v || (v->is_string() && v->as_string().empty())) return {};
    return v->as_prefix();
}

std::string Json::dump() const {
    JsonWriter out(JsonWriter::Layout::compact);
    const auto write = [&out](const auto& self, const Value& value) -> void {
        if (const auto* flag = std::get_if<bool>(&value.data)) {
            out.value(*flag);
        } else if (const auto* number = std::get_if<Value::Number>(&value.data)) {
            out.raw(number->digits);
        } else if (const auto* text = std::get_if<std::string>(&value.data)) {
            out.value(*text);
        } else if (const auto* array = std::get_if<Value::Array>(&value.data)) {
            out.begin_array();
            for (const Value& v : *array) self(self, v);
            out.end_array();
        } else if (const auto* object = std::get_if<Value::Object>(&value.data)) {
            std::map<std::string_view, const Value*> sorted;
            for (const Member& m : *object) sorted[m.key] = &m.value;
            out.begin_object();
            for (const auto& [key, v] : sorted) {
                out.key(key);
                self(self, *v);
            }
            out.end_object();
        } else {
            out.raw("null");
        }
    };
    write(write, *value_);
    return out.take();
}

TextPosition text_position(std::string_view text, std::size_t offset) {
    text = text.substr(0, offset);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    const auto line_start = text.rfind('\n');
    return {lines + 1, text.size() - (line_start == text.npos ? 0 : line_start + 1) + 1};
}

}  // namespace cni
