#include <algorithm>

#include "iptables/extensions.h"
#include "parse.h"

namespace cni::portmap {
namespace {

/// 10.0.0.0/8, 10.0.0.0/255.0.0.0, 10.0.0.1
std::optional<Prefix> parse_network(std::string_view text) {
    if (const auto ip = Ip::parse(text)) return Prefix::host(*ip);
    if (const auto prefix = Prefix::parse(text)) return prefix->network();
    const auto slash = text.find('/');
    if (slash == text.npos) return {};
    const auto ip = Ip::parse(text.substr(0, slash)), mask = Ip::parse(text.substr(slash + 1));
    if (!ip || !mask || ip->family() != mask->family()) return {};
    for (int length = 0; length <= ip->bits(); ++length)
        if (Ip::any(ip->family()).filled(0).masked(length) == *mask)
            return Prefix{*ip, length}.network();
    return {};
}

class Parser {
public:
    Parser(const std::vector<std::string>& words, Family family, const std::string& key)
        : words_(words, key), family_(family) {}

    std::vector<Condition> parse() {
        while (!words_.at_end()) {
            inverted_ = words_.skip("!");
            parse_option(words_.take("an option"));
        }
        return std::move(conditions_);
    }

private:
    void parse_option(const std::string& option) {
        if (is_one_of(option, {"-s", "--source", "--src"})) {
            parse_addresses(nft::Side::source);
        } else if (is_one_of(option, {"-d", "--destination", "--dst"})) {
            parse_addresses(nft::Side::destination);
        } else if (is_one_of(option, {"-i", "--in-interface"})) {
            parse_interface(false);
        } else if (is_one_of(option, {"-o", "--out-interface"})) {
            parse_interface(true);
        } else if (is_one_of(option, {"-p", "--protocol", "--proto"})) {
            parse_protocol();
        } else if (is_one_of(option, {"-m", "--match"}) && !inverted_) {
            parse_match();
        } else if (option == "--src-type" && match_ == "addrtype") {
            parse_address_types(nft::Side::source);
        } else if (option == "--dst-type" && match_ == "addrtype") {
            parse_address_types(nft::Side::destination);
        } else if (option == "--mark" && match_ == "mark") {
            parse_mark();
        } else if (option == "--match-set" && match_ == "set") {
            parse_set();
        } else {
            throw words_.rejected("is not understood");
        }
    }

    static bool is_one_of(std::string_view option, std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), option) != names.end();
    }

    void add(Condition condition) { conditions_.push_back(std::move(condition)); }

    void require_one_if_inverted(std::size_t count) const {
        if (inverted_ && count > 1)
            throw words_.rejected("is a list, of which \"!\" cannot be said");
    }

    void parse_addresses(nft::Side side) {
        AddressCondition condition{side, {}, inverted_};
        for (const auto text : split(words_.take("an address"), ',')) {
            const auto network = parse_network(text);
            if (!network || network->ip.family() != family_)
                throw words_.rejected("is no address of this family");
            condition.any_of.push_back(*network);
        }
        require_one_if_inverted(condition.any_of.size());
        add(std::move(condition));
    }

    void parse_interface(bool output) {
        std::string name = words_.take("an interface");
        if (name == "+") throw words_.rejected(every_interface);
        const bool open_ended = name.ends_with('+');
        if (open_ended) name.back() = '*';
        if (name.empty() || name.size() > 15 || (!open_ended && name.find('*') != name.npos))
            throw words_.rejected("is no interface name");
        add(InterfaceCondition{output, {name}, inverted_});
    }

    void parse_protocol() {
        const std::string& name = words_.take("a protocol");
        if (name == "all" && !inverted_) return;
        const auto number = parse_protocol_name(lower(name));
        if (!number || *number == 0) throw words_.rejected("is no protocol");
        add(ProtocolCondition{{*number}, inverted_});
    }

    void parse_match() {
        match_ = words_.take("the name of a match");
        if (!is_one_of(match_, {"addrtype", "mark", "set"}))
            throw words_.rejected("is a match that is not understood");
    }

    void parse_address_types(nft::Side side) {
        AddressTypeCondition condition{side, {}, inverted_};
        for (const auto text : split(words_.take("an address type"), ',')) {
            const auto type = parse_address_type(lower(text));
            if (!type) throw words_.rejected("is no address type");
            condition.any_of.push_back(*type);
        }
        add(std::move(condition));
    }

    void parse_mark() {
        const auto parts = split(words_.take("a mark"), '/');
        const auto value = parse_mark_number(parts[0]);
        const auto mask = parts.size() == 2 ? parse_mark_number(parts[1]) : ~std::uint32_t{0};
        if (!value || !mask || parts.size() > 2) throw words_.rejected("is no mark");
        add(MarkCondition{*value, *mask, inverted_});
    }

    void parse_set() {
        SetCondition condition{words_.take("the name of a set"), {}, inverted_};
        for (const auto side : split(words_.take("src or dst"), ',')) {
            if (side != "src" && side != "dst") throw words_.rejected("is neither src nor dst");
            condition.parts.push_back(side == "src" ? nft::Side::source : nft::Side::destination);
        }
        if (condition.parts.size() > ipt::set_parts_max)
            throw words_.rejected("has more parts than the elements of a set");
        add(std::move(condition));
    }

    Words words_;
    Family family_;
    bool inverted_ = false;
    std::string match_;
    std::vector<Condition> conditions_;
};

}  // namespace

std::vector<Condition> parse_iptables_conditions(const std::vector<std::string>& words,
                                                 Family family, const std::string& key) {
    return Parser(words, family, key).parse();
}

}  // namespace cni::portmap
