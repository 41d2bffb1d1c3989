#include "iptables/nft_rule_codec.h"

#include <linux/netfilter/xt_mark.h>
#include <net/if.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

#include "iptables/extensions.h"
#include "netfilter/nft_match.h"

namespace cni::ipt {
namespace {

nft::Op op_of(bool inverted) {
    return inverted ? nft::Op::ne : nft::Op::eq;
}

template <typename T>
Bytes bytes_of(const T& value) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
    return {bytes, bytes + sizeof value};
}

// ---------------------------------------------------------------- writing

class Encoder {
public:
    explicit Encoder(const Rule& rule) : rule_(rule) {}

    nft::Rule encode() {
        put_interface(NFT_META_IIFNAME, rule_.in);
        put_interface(NFT_META_OIFNAME, rule_.out);
        if (const auto& p = rule_.protocol)
            put(nft::Meta{NFT_META_L4PROTO}, nft::Cmp{op_of(p->inverted), {p->value}});
        put_address(nft::Side::source, rule_.source);
        put_address(nft::Side::destination, rule_.destination);
        for (const Extension& match : rule_.matches) put_match(match);
        put(nft::Counter{});
        put_target();
        return std::move(out_);
    }

private:
    template <typename... Parts>
    void put(const Parts&... parts) {
        const nft::Rule added = nft::rule(parts...);
        out_.insert(out_.end(), added.begin(), added.end());
    }

    void put_interface(std::uint32_t key, const std::optional<Test<std::string>>& name) {
        if (!name) return;
        Bytes data(name->value.begin(), name->value.end());
        if (data.empty() || data.back() != '+')
            data.push_back(0);
        else
            data.pop_back();
        if (!data.empty()) put(nft::Meta{key}, nft::Cmp{op_of(name->inverted), data});
    }

    void put_address(nft::Side side, const std::optional<Test<Prefix>>& network) {
        const bool is_any = network && network->value.length == 0 && !network->inverted;
        if (network && !is_any) put(nft::address(side, op_of(network->inverted), network->value));
    }

    void put_match(const Extension& match) {
        if (match.name == "mark" && match.revision == 1 &&
            match.data.size() >= sizeof(xt_mark_mtinfo1))
            put_mark(match);
        else if (const auto port = native_port(match))
            put(nft::port(nft::Side::destination, nft::Op::eq, *port));
        else
            put(nft::XtMatch{match.name, match.revision, match.data});
    }

    void put_mark(const Extension& match) {
        xt_mark_mtinfo1 mark;
        std::memcpy(&mark, match.data.data(), sizeof mark);
        put(nft::Meta{NFT_META_MARK});
        if (mark.mask != 0xffffffff)
            put(nft::Bitwise{bytes_of(mark.mask), Bytes(sizeof mark.mask)});
        put(nft::Cmp{op_of(mark.invert != 0), bytes_of(mark.mark)});
    }

    static std::optional<std::uint16_t> native_port(const Extension& match) {
        if (match.name != "tcp" && match.name != "udp") return {};
        return destination_port(match);
    }

    void put_target() {
        if (const auto* jump = std::get_if<Jump>(&rule_.target)) put(nft::jump(jump->chain));
        if (const auto* verdict = std::get_if<Verdict>(&rule_.target)) put(native(*verdict));
        if (const auto* target = std::get_if<Extension>(&rule_.target))
            put(nft::XtTarget{target->name, target->revision, target->data});
    }

    static nft::Verdict native(Verdict verdict) {
        if (verdict == Verdict::accept) return nft::accept();
        return verdict == Verdict::drop ? nft::drop() : nft::back();
    }

    const Rule& rule_;
    nft::Rule out_;
};

// ---------------------------------------------------------------- reading

/// How many leading bits the mask has; nullopt when it has others.
std::optional<int> prefix_length(const Bytes& mask) {
    int length = 0;
    for (const std::uint8_t byte : mask) length += std::popcount(byte);
    for (std::size_t i = 0; i < mask.size(); ++i) {
        const int left = length - static_cast<int>(8 * i);
        const int expected = left >= 8 ? 0xff : left <= 0 ? 0 : 0xff << (8 - left) & 0xff;
        if (mask[i] != expected) return {};
    }
    return length;
}

/// Goes through the expressions; what one of them loads another one compares.
class Decoder {
public:
    explicit Decoder(Family family) : family_(family) {}

    Rule decode(const nft::ListedRule& listed) {
        for (const nft::Expr& expression : listed.rule) std::visit(*this, expression);
        if (!listed.comment.empty() && out_.comment().empty())
            out_.matches.push_back(comment(listed.comment));
        return std::move(out_);
    }

    void operator()(const nft::Meta& e) { loaded_ = {e, e.dreg, {}}; }
    void operator()(const nft::Payload& e) { loaded_ = {e, e.dreg, {}}; }
    void operator()(const nft::Bitwise& e) {
        const bool only_masks =
            std::all_of(e.flip.begin(), e.flip.end(), [](auto byte) { return byte == 0; });
        if (!only_masks || e.sreg != loaded_.reg || !loaded_.mask.empty()) return give_up();
        loaded_.reg = e.dreg;
        loaded_.mask = e.mask;
    }
    void operator()(const nft::Cmp& e) {
        const bool understood =
            e.sreg == loaded_.reg && (e.op == nft::Op::eq || e.op == nft::Op::ne) && compare(e);
        if (!understood) give_up();
    }
    void operator()(const nft::Immediate& e) { constants_[e.dreg] = e.data; }
    void operator()(const nft::Counter&) {}
    void operator()(const nft::Verdict& e) {
        if (e.code == NFT_JUMP || e.code == NFT_GOTO) out_.target = Jump{e.chain};
        if (e.code == NF_ACCEPT) out_.target = Verdict::accept;
        if (e.code == NF_DROP) out_.target = Verdict::drop;
        if (e.code == NFT_RETURN) out_.target = Verdict::back;
        const bool has_no_name_here = out_.target == Target{} || e.code == NFT_GOTO;
        if (has_no_name_here) give_up();
    }
    void operator()(const nft::Masquerade& e) {
        out_.target = masquerade(family_);
        if (e.flags != 0) give_up();
    }
    void operator()(const nft::Nat& e) {
        const Bytes address = constant(e.address_sreg), port = constant(e.port_sreg);
        if (e.type != NFT_NAT_DNAT || e.flags != 0 || port.size() != 2 ||
            address.size() != Ip::any(family_).size())
            return give_up();
        out_.target = dnat(Ip::from_bytes(family_, address.data()), number(port));
    }
    void operator()(const nft::XtMatch& e) {
        out_.matches.push_back({e.name, static_cast<std::uint8_t>(e.revision), e.info});
    }
    void operator()(const nft::XtTarget& e) {
        out_.target = Extension{e.name, static_cast<std::uint8_t>(e.revision), e.info};
    }
    void operator()(const nft::SetMeta&) { give_up(); }
    void operator()(const nft::Ct&) { give_up(); }
    void operator()(const nft::Lookup&) { give_up(); }
    void operator()(const nft::Fib&) { give_up(); }
    void operator()(const nft::Unknown&) { give_up(); }

private:
    struct Loaded {
        std::variant<std::monostate, nft::Meta, nft::Payload> what;
        std::uint32_t reg = 0;
        Bytes mask;  // empty: none
    };

    void give_up() { out_.foreign = true; }

    static std::uint16_t number(const Bytes& big_endian) {
        return static_cast<std::uint16_t>(big_endian[0] << 8 | big_endian[1]);
    }

    Bytes constant(const std::optional<std::uint32_t>& reg) const {
        const auto found = reg ? constants_.find(*reg) : constants_.end();
        return found == constants_.end() ? Bytes{} : found->second;
    }

    bool compare(const nft::Cmp& e) {
        const bool inverted = e.op == nft::Op::ne;
        if (const auto* meta = std::get_if<nft::Meta>(&loaded_.what))
            return compare_meta(meta->key, e.data, inverted);
        if (const auto* payload = std::get_if<nft::Payload>(&loaded_.what))
            return compare_payload(*payload, e.data, inverted);
        return false;
    }

    bool compare_meta(std::uint32_t key, const Bytes& data, bool inverted) {
        if (key == NFT_META_MARK) return compare_mark(data, inverted);
        if (!loaded_.mask.empty()) return false;
        if (key == NFT_META_IIFNAME) return assign(out_.in, interface_name(data), inverted);
        if (key == NFT_META_OIFNAME) return assign(out_.out, interface_name(data), inverted);
        if (key != NFT_META_L4PROTO || data.size() != 1) return false;
        return assign(out_.protocol, data[0], inverted);
    }

    bool mask_fits(const Bytes& data) const {
        return loaded_.mask.empty() || loaded_.mask.size() == data.size();
    }

    bool compare_mark(const Bytes& data, bool inverted) {
        std::uint32_t value = 0, mask = 0xffffffff;
        if (data.size() != sizeof value || !mask_fits(data)) return false;
        std::memcpy(&value, data.data(), sizeof value);
        if (!loaded_.mask.empty()) std::memcpy(&mask, loaded_.mask.data(), sizeof mask);
        out_.matches.push_back(mark(value, mask, inverted));
        return true;
    }

    bool compare_payload(const nft::Payload& load, const Bytes& data, bool inverted) {
        if (data.size() != load.length) return false;
        if (load.base == NFT_PAYLOAD_TRANSPORT_HEADER) return compare_port(load, data, inverted);
        if (load.base != NFT_PAYLOAD_NETWORK_HEADER) return false;
        const bool v4 = family_ == Family::v4;
        if (load.offset == (v4 ? 9u : 6u) && load.length == 1 && loaded_.mask.empty())
            return assign(out_.protocol, data[0], inverted);
        const auto network = prefix(data);
        if (!network) return false;
        if (load.offset == (v4 ? 12u : 8u)) return assign(out_.source, *network, inverted);
        if (load.offset == (v4 ? 16u : 24u)) return assign(out_.destination, *network, inverted);
        return false;
    }

    bool compare_port(const nft::Payload& load, const Bytes& data, bool inverted) {
        if (load.offset != 2 || load.length != 2 || !loaded_.mask.empty() || inverted) return false;
        if (!out_.protocol || out_.protocol->inverted) return false;
        const auto protocol = out_.protocol->value;
        if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP && protocol != IPPROTO_SCTP)
            return false;
        out_.matches.push_back(destination_port(protocol, number(data)));
        return true;
    }

    /// Loads of whole leading bytes stand for a mask.
    std::optional<Prefix> prefix(const Bytes& data) const {
        Bytes whole = data;
        if (data.size() > Ip::any(family_).size() || !mask_fits(data)) return {};
        whole.resize(Ip::any(family_).size());
        const auto length = loaded_.mask.empty()
                                ? std::optional<int>(static_cast<int>(8 * data.size()))
                                : prefix_length(loaded_.mask);
        if (!length) return {};
        return Prefix{Ip::from_bytes(family_, whole.data()), *length}.network();
    }

    static std::string interface_name(const Bytes& data) {
        const auto end = std::find(data.begin(), data.end(), 0);
        const std::string name(data.begin(), end);
        return end == data.end() ? name + "+" : name;
    }

    /// False when the rule has another test of the kind already.
    template <typename T>
    static bool assign(std::optional<Test<T>>& field, T value, bool inverted) {
        const Test<T> test{std::move(value), inverted};
        if (field) return *field == test;
        field = test;
        return true;
    }

    Family family_;
    Rule out_;
    Loaded loaded_;
    std::map<std::uint32_t, Bytes> constants_;
};

}  // namespace

nft::Rule to_nft(const Rule& rule) {
    return Encoder(rule).encode();
}

nft::XtProtocol xt_protocol(const Rule& rule) {
    if (!rule.protocol) return {};
    return {rule.protocol->value, rule.protocol->inverted};
}

Rule from_nft(const nft::ListedRule& listed, Family family) {
    return Decoder(family).decode(listed);
}

}  // namespace cni::ipt
