#include "shared.h"
#include "netfilter/owner_key.h"

#include <algorithm>

namespace cni::portmap::nftables {
namespace {

using nft::Element;

// What leads to a chain that is made anew has to let go of it.
bool stays(const std::string& set, const auto& queue) {
    return queue.before == queue.now && set != conditional_mappings;
}

/// Those of sets are the same whoever has them: nobody waits there.
bool is_map(const Element& element) {
    return !std::holds_alternative<std::monostate>(element.value);
}

}  // namespace

void Shared::release(const Record& record) {
    for (const auto& [set, elements] : shared_elements(record))
        for (const Element& element : elements)
            std::erase_if(at(set, element.key).now,
                          [&](const Element& e) { return is_own(e, element, record); });
}

void Shared::displace(const Record& record) {
    for (const auto& [set, elements] : shared_elements(record))
        for (const Element& element : elements)
            std::erase_if(at(set, element.key).now, [&](const Element& e) {
                return !is_map(e) || !is_of_sibling(e, record);
            });
}

Translations Shared::take(const Record& record, bool goes_first) {
    displace(record);
    Translations in_force;
    for (const auto& [set, elements] : shared_elements(record))
        for (const Element& element : elements) {
            auto& now = at(set, element.key).now;
            if (!goes_first && !now.empty())
                if (const auto translation = parse_mapping_element(family_, now.front()))
                    in_force.push_back(*translation);
            now.insert(goes_first ? now.begin() : now.end(), element);
        }
    return in_force;
}

std::optional<std::string> Shared::find_incomplete(const Record& record) {
    for (const auto& [set, elements] : shared_elements(record))
        for (const Element& element : elements)
            if (std::ranges::none_of(at(set, element.key).now,
                                     [&](const Element& e) { return is_own(e, element, record); }))
                return set;
    return {};
}

void Shared::put_deletions(nft::Batch& batch) const {
    std::map<std::string, std::vector<nft::Bytes>> keys;
    for (const auto& [place, queue] : queues_) {
        const auto& [set, key] = place;
        if (stays(set, queue)) continue;
        for (std::size_t i = 0; i < queue.before.size(); ++i)
            if (i == 0)
                keys[set].push_back(key);
            else
                keys[waiting_map(set)].push_back(waiting_key(key, i - 1));
    }
    for (const auto& [set, its] : keys) batch.delete_elements(table_of(family_), set, its);
}

void Shared::put_creations(nft::Batch& batch) const {
    std::map<std::string, Elements> elements;
    for (const auto& [place, queue] : queues_) {
        const auto& [set, key] = place;
        if (stays(set, queue)) continue;
        for (std::size_t i = 0; i < queue.now.size(); ++i) {
            Element element = queue.now[i];
            if (i > 0) element.key = waiting_key(key, i - 1);
            elements[i == 0 ? set : waiting_map(set)].push_back(std::move(element));
        }
    }
    const nft::Table table = table_of(family_);
    for (const char* map : {mappings, conditional_mappings})
        if (elements.contains(waiting_map(map))) batch.add_set(table, waiting_map_of(family_, map));
    for (const auto& [set, its] : elements) batch.create_elements(table, set, its);
}

Shared::Queue& Shared::at(const std::string& set, const nft::Bytes& key) {
    const auto [place, is_new] = queues_.try_emplace({set, key});
    if (is_new) {
        place->second.before = find_all(set, key);
        place->second.now = place->second.before;
    }
    return place->second;
}

Shared::Elements Shared::find_all(const std::string& set, const nft::Bytes& key) {
    const nft::Table table = table_of(family_);
    Elements found;
    auto element = nft_.find_element(table, set, key);
    while (element) {
        element->key = key;
        found.push_back(*std::move(element));
        if (!is_map(found.back()) || !has_waiting(set)) break;
        element = nft_.find_element(table, waiting_map(set), waiting_key(key, found.size() - 1));
    }
    return found;
}

bool Shared::has_waiting(const std::string& set) {
    const auto [known, is_new] = has_waiting_.try_emplace(set, false);
    if (is_new) known->second = nft_.has_set(table_of(family_), waiting_map(set));
    return known->second;
}

bool Shared::is_of_sibling(const Element& element, const Record& record) {
    const auto owner = parse_element_owner(element.comment);
    if (!owner || owner->hashes == record.hashes) return false;
    if (!owner->container.empty()) return owner->container == container_hash(record.container_id);
    // As the previous version wrote it: the rest stands with the attachment.
    const auto its =
        nft_.find_element(table_of(family_), attachments, nft::owner_key(owner->hashes, 0));
    return its && its->comment.ends_with(cat(", id: ", record.container_id));
}

}  // namespace cni::portmap::nftables
