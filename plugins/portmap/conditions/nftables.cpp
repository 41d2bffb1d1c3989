#include "parse.h"

namespace cni::portmap {
namespace {

/// Words may be given in pieces ("ip", "saddr") or as one text; braces, commas and operators stand
/// for themselves, quotes only hold a word together.
std::vector<std::string> tokens_of(const std::vector<std::string>& words, const std::string& key) {
    const std::string text = join(words, " ");
    std::vector<std::string> tokens;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == ' ' || c == '\t' || c == '\n') {
            ++at;
        } else if (c == '"') {
            const auto end = text.find('"', at + 1);
            if (end == text.npos)
                throw Error(Code::invalid_config, cat(quote(key), " has an open quotation"), text);
            tokens.push_back(text.substr(at + 1, end - at - 1));
            at = end + 1;
        } else if (text.compare(at, 2, "!=") == 0 || text.compare(at, 2, "==") == 0) {
            tokens.push_back(text.substr(at, 2));
            at += 2;
        } else if (std::string_view("{},&").find(c) != std::string_view::npos) {
            tokens.emplace_back(1, c);
            ++at;
        } else {
            const auto end = std::min(text.size(), text.find_first_of(" \t\n\"{},&!=", at));
            tokens.push_back(text.substr(at, std::max<std::size_t>(1, end - at)));
            at += tokens.back().size();
        }
    }
    return tokens;
}

class Parser {
public:
    Parser(const std::vector<std::string>& tokens, Family family, const std::string& key)
        : words_(tokens, key), family_(family) {}

    std::vector<Condition> parse() {
        while (!words_.at_end()) parse_match(words_.take("a match"));
        return std::move(conditions_);
    }

private:
    void parse_match(const std::string& word) {
        if (word == "ip" || word == "ip6") {
            parse_header(word == "ip" ? Family::v4 : Family::v6);
        } else if (word == "fib") {
            parse_fib();
        } else if (word == "meta") {
            parse_meta(words_.take("a meta key"));
        } else {
            parse_meta(word);
        }
    }

    void parse_header(Family family) {
        if (family != family_) throw words_.rejected("is the other family");
        const std::string& field = words_.take("a header field");
        if (field == "saddr") return parse_addresses(nft::Side::source);
        if (field == "daddr") return parse_addresses(nft::Side::destination);
        if (field == (family == Family::v4 ? "protocol" : "nexthdr")) return parse_protocols();
        throw words_.rejected("is not understood");
    }

    void parse_meta(const std::string& key) {
        if (key == "iif" || key == "iifname") return parse_interfaces(false);
        if (key == "oif" || key == "oifname") return parse_interfaces(true);
        if (key == "l4proto") return parse_protocols();
        if (key == "mark") return parse_mark();
        throw words_.rejected("is not understood");
    }

    void parse_fib() {
        const std::string& side = words_.take("saddr or daddr");
        if (side != "saddr" && side != "daddr") throw words_.rejected("is not understood");
        if (words_.take("type") != "type") throw words_.rejected("is not understood");
        AddressTypeCondition condition{
            side == "saddr" ? nft::Side::source : nft::Side::destination, {}, false};
        take_values(condition, [&](const std::string& text) {
            const auto type = parse_address_type(text);
            if (!type) throw words_.rejected("is no address type");
            return *type;
        });
    }

    void parse_addresses(nft::Side side) {
        take_values(AddressCondition{side, {}, false}, [&](const std::string& text) {
            const auto ip = Ip::parse(text);
            const auto prefix = ip ? Prefix::host(*ip) : Prefix::parse(text);
            if (!prefix || prefix->ip.family() != family_)
                throw words_.rejected("is no address of this family");
            return prefix->network();
        });
    }

    void parse_interfaces(bool output) {
        take_values(InterfaceCondition{output, {}, false}, [&](const std::string& name) {
            if (name == "*") throw words_.rejected(every_interface);
            if (name.empty() || name.size() > 15) throw words_.rejected("is no interface name");
            return name;
        });
    }

    void parse_protocols() {
        take_values(ProtocolCondition{{}, false}, [&](const std::string& name) {
            const auto number = parse_protocol_name(name);
            if (!number) throw words_.rejected("is no protocol");
            return *number;
        });
    }

    void parse_mark() {
        MarkCondition condition{0, ~std::uint32_t{0}, false};
        if (words_.skip("and") || words_.skip("&")) condition.mask = take_mark();
        condition.inverted = take_operator();
        condition.value = take_mark();
        conditions_.emplace_back(condition);
    }

    std::uint32_t take_mark() {
        const auto number = parse_mark_number(words_.take("a mark"));
        if (!number) throw words_.rejected("is no mark");
        return *number;
    }

    /// Whether it is "!=".
    bool take_operator() {
        if (words_.skip("!=")) return true;
        words_.skip("==");
        return false;
    }

    /// One value, or several in braces.
    template <typename C, typename F>
    void take_values(C condition, F&& parse_value) {
        condition.inverted = take_operator();
        if (!words_.skip("{")) {
            condition.any_of.push_back(parse_value(words_.take("a value")));
        } else {
            do condition.any_of.push_back(parse_value(words_.take("a value")));
            while (words_.skip(","));
            if (words_.take("}") != "}") throw words_.rejected("stands where \"}\" should");
        }
        conditions_.emplace_back(std::move(condition));
    }

    Words words_;
    Family family_;
    std::vector<Condition> conditions_;
};

}  // namespace

std::vector<Condition> parse_nft_conditions(const std::vector<std::string>& words, Family family,
                                            const std::string& key) {
    const std::vector<std::string> tokens = tokens_of(words, key);
    return Parser(tokens, family, key).parse();
}

}  // namespace cni::portmap
