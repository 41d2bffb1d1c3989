#include "nft_record.h"

#include <algorithm>

#include "nft_conditions.h"

namespace cni::portmap::nftables {
namespace {

const Ip& localhost() {
    static const Ip address = *Ip::parse("127.0.0.1");
    return address;
}

/// What could not answer, or would answer past the host, without being masqueraded.
std::vector<Prefix> masqueraded_sources(const Forwarding& forwarding) {
    const Family family = forwarding.family();
    if (!forwarding.snat) return {};
    if (forwarding.masq_all) return {Prefix::everything(family)};
    std::vector<Prefix> out{forwarding.container.network()};
    if (family == Family::v4) out.push_back(Prefix::host(localhost()));
    return out;
}

std::string text_of(const std::vector<Prefix>& sources) {
    std::vector<std::string> texts;
    for (const Prefix& source : sources) texts.push_back(source.to_string());
    return join(texts, " ");
}

constexpr char end_of_sources = ';';

/// From a comment of own_elements.
std::vector<Prefix> parse_sources(std::string_view comment) {
    std::vector<Prefix> out;
    for (const auto word : split(comment.substr(0, comment.find(end_of_sources)), ' '))
        if (const auto source = Prefix::parse(word)) out.push_back(*source);
    return out;
}

/// The mappings as elements of `attachments`; the comment of each keeps the sources.
std::vector<nft::Element> own_elements(const Record& record, const Owner& owner) {
    std::vector<nft::Element> out;
    const std::string comment =
        cut_comment(cat(text_of(record.sources), end_of_sources, ' ', owner_text(owner)));
    for (const Forwarded& mapping : record.mappings) {
        out.push_back(attachment_element(record.hashes, out.size(), mapping));
        out.back().comment = comment;
    }
    return out;
}

std::vector<nft::Element> conditional_elements(const Record& record) {
    std::vector<nft::Element> out;
    for (const Forwarded& mapping : record.mappings) out.push_back(mapping_element(mapping));
    return out;
}

std::vector<nft::Rule> conditional_rules(const Record& record, const Forwarding& forwarding) {
    std::vector<nft::Rule> out;
    for (const nft::Rule& conditions : condition_rules(forwarding.conditions))
        for (const nft::Rule& translation : translations(record.family, record.conditions()))
            out.push_back(nft::rule(conditions, translation));
    return out;
}

[[noreturn]] void report_missing(const Record& record, const Owner& owner, std::string_view what) {
    throw Error(Code::internal,
                cat("port mappings of container ", quote(owner.container_id), " interface ",
                    owner.ifname, ": ", what, " is missing or differs in nftables table ",
                    table_of(record.family).to_string()));
}

}  // namespace

Skeleton::Lengths Record::lengths() const {
    Skeleton::Lengths out;
    for (const Prefix& source : sources) out.insert(source.length);
    return out;
}

Record record_of(const Forwarding& forwarding) {
    return {.family = forwarding.family(),
            .hashes = owner_hashes(forwarding.owner),
            .mappings = forwarded_by(forwarding),
            .sources = masqueraded_sources(forwarding),
            .conditional = !forwarding.conditions.empty()};
}

std::optional<Record> find_record(nft::Connection& nft, Family family, const std::string& hashes) {
    Record out{.family = family, .hashes = hashes, .mappings = {}};
    const nft::Table table = table_of(family);
    // Not by listing the map: that is long, and skips elements while the kernel rearranges it.
    while (const auto element =
               nft.find_element(table, attachments, attachment_key(hashes, out.mappings.size()))) {
        const auto mapping = parse_mapping(family, *element);
        if (!mapping) break;
        if (out.mappings.empty()) out.sources = parse_sources(element->comment);
        out.mappings.push_back(*mapping);
    }
    if (out.mappings.empty()) return {};
    out.conditional = nft.find_chain(table, out.conditions()).has_value();
    return out;
}

std::map<std::string, std::vector<nft::Element>> shared_elements(const Record& record) {
    std::map<std::string, std::vector<nft::Element>> out;
    std::set<nft::Bytes> masqueraded;  // ports of the host may lead to the same port
    for (const Forwarded& mapping : record.mappings) {
        nft::Element element = mapping_element(mapping);
        element.comment = record.hashes;
        if (record.conditional) element.value = nft::jump(record.conditions());
        out[record.conditional ? conditional_mappings : mappings].push_back(std::move(element));
        for (const Prefix& source : record.sources)
            if (const auto key = masquerade_key(source, mapping); masqueraded.insert(key).second)
                out[masquerade_set(source)].push_back({.key = key, .comment = record.hashes});
    }
    return out;
}

void put(nft::Batch& batch, const Record& record, const Forwarding& forwarding) {
    const nft::Table table = table_of(record.family);
    batch.create_elements(table, attachments, own_elements(record, forwarding.owner));
    if (record.conditional) {
        const std::string name = record.conditions();
        nft::Set map = mapping_map(record.family, name);
        map.comment = owner_comment(forwarding.owner);
        batch.create_set(table, map).create_elements(table, name, conditional_elements(record));
        batch.add_chain(table, name);
        for (const nft::Rule& rule : conditional_rules(record, forwarding))
            batch.add_rule(table, name, rule);
    }
    for (const auto& [set, elements] : shared_elements(record))
        batch.create_elements(table, set, elements);
}

void Keys::add(nft::Connection& nft, const Record& record, Whose whose) {
    const nft::Table table = table_of(record.family);
    for (const auto& [set, elements] : shared_elements(record))
        for (const nft::Element& element : elements) {
            const auto present = nft.find_element(table, set, element.key);
            if (present && (whose == Whose::anybodys || *present == element))
                keys_[set].insert(element.key);
        }
}

void Keys::put_deletion(nft::Batch& batch, const nft::Table& table) const {
    for (const auto& [set, keys] : keys_)
        batch.delete_elements(table, set, {keys.begin(), keys.end()});
}

void put_deletion(nft::Batch& batch, const Record& record) {
    const nft::Table table = table_of(record.family);
    if (record.conditional)
        batch.delete_chain(table, record.conditions()).delete_set(table, record.conditions());
    std::vector<nft::Bytes> keys;
    for (std::size_t i = 0; i < record.mappings.size(); ++i)
        keys.push_back(attachment_key(record.hashes, i));
    batch.delete_elements(table, attachments, keys);
}

void check(nft::Connection& nft, const Record& record, const Forwarding& forwarding) {
    const nft::Table table = table_of(record.family);
    const auto need = [&](const std::string& set, const nft::Element& element) {
        if (nft.find_element(table, set, element.key) != element)
            report_missing(record, forwarding.owner, cat("an element of ", set));
    };
    if (const auto fault = Skeleton(record.family).fault(nft, record.lengths()))
        report_missing(record, forwarding.owner, *fault);
    for (const nft::Element& element : own_elements(record, forwarding.owner))
        need(attachments, element);
    for (const auto& [set, elements] : shared_elements(record))
        for (const nft::Element& element : elements) need(set, element);
    if (!record.conditional) return;
    for (const nft::Element& element : conditional_elements(record))
        need(record.conditions(), element);
    if (!nft::contains_in_order(nft.rules(table, record.conditions()),
                                conditional_rules(record, forwarding)))
        report_missing(record, forwarding.owner, cat("chain ", record.conditions()));
}

}  // namespace cni::portmap::nftables
