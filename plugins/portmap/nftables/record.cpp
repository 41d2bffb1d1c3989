#include "record.h"

#include <algorithm>

#include "base/hash.h"
#include "conditions.h"
#include "netfilter/owner_key.h"
#include "shared.h"

namespace cni::portmap::nftables {
namespace {

std::string text_of(const std::vector<Prefix>& sources) {
    std::vector<std::string> texts;
    for (const Prefix& source : sources) texts.push_back(source.to_string());
    return join(texts, " ");
}

constexpr std::string_view end_of_sources = "; ";

/// From a comment of own_elements.
std::vector<Prefix> parse_sources(std::string_view comment) {
    std::vector<Prefix> out;
    for (const auto word : split(comment.substr(0, comment.find(end_of_sources)), ' '))
        if (const auto source = Prefix::parse(word)) out.push_back(*source);
    return out;
}

std::string_view parse_owner(std::string_view comment) {
    const auto end = comment.find(end_of_sources);
    return end == comment.npos ? "" : comment.substr(end + end_of_sources.size());
}

/// Stands ahead of the owner's text where that is cut.
std::string digest_of(const Owner& owner) {
    constexpr std::size_t length = 32;
    return sha512_hex(cat(owner.network, "/", owner.container_id, "/", owner.ifname))
        .substr(0, length);
}

/// What comments of `attachments` say: what is masqueraded, and whose they are.
std::string comment_of(const Record& record, const Owner& owner) {
    const std::string sources = cat(text_of(record.sources), end_of_sources);
    std::string whole = cat(sources, owner_text(owner));
    if (whole == cut_comment(whole)) return whole;
    return cut_comment(cat(sources, digest_of(owner), ", ", owner_text(owner)));
}

bool names(std::string_view comment, const Owner& owner) {
    const auto part = parse_owner(comment);
    const std::string text = owner_text(owner);
    if (part == text || part.starts_with(digest_of(owner))) return true;
    // The previous version cut the text.
    const bool is_cut = comment.size() == cut_comment(std::string(comment.size() + 1, ' ')).size();
    return is_cut && !part.empty() && text.starts_with(part);
}

bool names_network(std::string_view comment, const std::string& network) {
    const auto part = parse_owner(comment);
    const std::string expected = cat("net: ", network, ", if: ");
    const auto begin = part.find("net: ");
    if (begin == part.npos) return false;
    const auto text = part.substr(begin, expected.size());
    return expected.starts_with(text);
}

/// Where its ports lead as elements of `attachments`.
std::vector<nft::Element> own_elements(const Record& record, const Owner& owner) {
    std::vector<nft::Element> out;
    const std::string comment = comment_of(record, owner);
    for (const Translation& translation : record.translations) {
        out.push_back(attachment_element(record.hashes, out.size(), translation));
        out.back().comment = comment;
    }
    return out;
}

std::vector<nft::Element> conditional_elements(const Record& record) {
    std::vector<nft::Element> out;
    for (const Translation& translation : record.translations)
        out.push_back(mapping_element(translation));
    return out;
}

std::vector<nft::Rule> conditional_rules(const Record& record, const Forwarding& forwarding) {
    std::vector<nft::Rule> out;
    for (const nft::Rule& conditions : condition_rules(forwarding.conditions))
        for (const nft::Rule& translation : translation_rules(record.family, record.conditions()))
            out.push_back(nft::rule(conditions, translation));
    return out;
}

/// The record under these hashes if its comment passes.
template <typename Filter>
std::optional<Record> read_record(nft::Connection& nft, Family family, const std::string& hashes,
                                  Filter&& is_owners) {
    Record out{.family = family, .hashes = hashes, .translations = {}};
    const nft::Table table = table_of(family);
    // Not by listing the map: that is long, and skips elements while the kernel rearranges it.
    while (const auto element = nft.find_element(table, attachments,
                                                 nft::owner_key(hashes, out.translations.size()))) {
        const auto translation = parse_attachment_element(family, *element);
        if (!translation || !is_owners(element->comment)) break;
        if (out.translations.empty()) out.sources = parse_sources(element->comment);
        out.translations.push_back(*translation);
    }
    if (out.translations.empty()) return {};
    out.conditional = nft.find_chain(table, out.conditions()).has_value();
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
            .translations = forwarding.translations(),
            .container_id = forwarding.owner.container_id,
            .sources = forwarding.masqueraded_sources(),
            .conditional = !forwarding.conditions.empty()};
}

std::optional<Record> find_record(nft::Connection& nft, Family family, const Owner& owner) {
    auto record = read_record(nft, family, owner_hashes(owner),
                              [&](std::string_view comment) { return names(comment, owner); });
    if (record) record->container_id = owner.container_id;
    return record;
}

std::optional<Record> find_record(nft::Connection& nft, Family family, const std::string& network,
                                  const std::string& hashes) {
    return read_record(nft, family, hashes,
                       [&](std::string_view comment) { return names_network(comment, network); });
}

void require_no_record(nft::Connection& nft, Family family, const Owner& owner) {
    const auto other =
        nft.find_element(table_of(family), attachments, nft::owner_key(owner_hashes(owner), 0));
    if (other)
        throw Error(Code::internal,
                    cat("port mappings of container ", quote(owner.container_id), " interface ",
                        owner.ifname, ": map ", attachments, " of nftables table ",
                        table_of(family).to_string(), " holds those of another under its hash"),
                    cat("its comment is ", quote(other->comment), "; choose another container id"));
}

std::map<std::string, std::vector<nft::Element>> shared_elements(const Record& record) {
    std::map<std::string, std::vector<nft::Element>> out;
    std::set<nft::Bytes> masqueraded;  // ports of the host may lead to the same port
    const std::string comment = cat(record.hashes, " ", container_hash(record.container_id));
    for (const Translation& translation : record.translations) {
        nft::Element element = mapping_element(translation);
        element.comment = comment;
        if (record.conditional) element.value = nft::jump(record.conditions());
        out[record.conditional ? conditional_mappings : mappings].push_back(std::move(element));
        for (const Prefix& source : record.sources)
            if (const auto key = masquerade_key(source, translation);
                masqueraded.insert(key).second)
                out[masquerade_set(source)].push_back({.key = key, .comment = comment});
    }
    return out;
}

std::optional<ElementOwner> parse_element_owner(std::string_view comment) {
    const auto digits = [](std::string_view text) {
        return text.find_first_not_of("0123456789abcdef-") == text.npos;
    };
    const auto hashes = comment.substr(0, owner_hashes_length);
    if (hashes.size() < owner_hashes_length || !digits(hashes)) return {};
    const auto rest = comment.substr(owner_hashes_length);
    if (rest.empty()) return ElementOwner{std::string(hashes), {}};
    if (rest.front() != ' ') return {};
    return ElementOwner{std::string(hashes), std::string(rest.substr(1))};
}

std::string container_hash(const std::string& container_id) {
    constexpr std::size_t length = 24;
    return sha512_hex(container_id).substr(0, length);
}

bool is_own(const nft::Element& element, const nft::Element& wanted, const Record& record) {
    const auto owner = parse_element_owner(element.comment);
    return owner && owner->hashes == record.hashes && element.value == wanted.value;
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
}

void put_deletion(nft::Batch& batch, const Record& record) {
    const nft::Table table = table_of(record.family);
    if (record.conditional)
        batch.delete_chain(table, record.conditions()).delete_set(table, record.conditions());
    std::vector<nft::Bytes> keys;
    for (std::size_t i = 0; i < record.translations.size(); ++i)
        keys.push_back(nft::owner_key(record.hashes, i));
    batch.delete_elements(table, attachments, keys);
}

void check(nft::Connection& nft, const Forwarding& forwarding) {
    const Record record = record_of(forwarding);
    const nft::Table table = table_of(record.family);
    const Owner& owner = forwarding.owner;
    const auto require = [&](bool is_there, std::string_view what) {
        if (!is_there) report_missing(record, owner, what);
    };
    if (const auto fault = Skeleton(record.family).fault(nft, record.lengths()))
        report_missing(record, owner, *fault);
    for (const nft::Element& element : own_elements(record, owner)) {
        const auto found = nft.find_element(table, attachments, element.key);
        require(found && found->value == element.value && names(found->comment, owner) &&
                    parse_sources(found->comment) == record.sources,
                cat("an element of ", attachments));
    }
    if (const auto set = Shared(nft, record.family).find_incomplete(record))
        report_missing(record, owner, cat("an element of ", *set));
    if (!record.conditional) return;
    for (const nft::Element& element : conditional_elements(record))
        require(nft.find_element(table, record.conditions(), element.key) == element,
                cat("an element of ", record.conditions()));
    if (!nft::contains_in_order(nft.rules(table, record.conditions()),
                                conditional_rules(record, forwarding)))
        report_missing(record, owner, cat("chain ", record.conditions()));
}

}  // namespace cni::portmap::nftables
