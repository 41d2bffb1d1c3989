#include <algorithm>

#include "netfilter/nft.h"

namespace cni::nft {
namespace {

// Others wait for the whole of a batch.
constexpr std::size_t deletions_per_batch = 200;

// Between checking a handle and using it pass some 20 us: this many tries all lost to others mean
// that something is wrong.
constexpr int tries = 200;
// What is missing may have been removed by others. What is missing again and again is missing for
// another reason: the kernel answers ENOENT as well for an expression that it does not have.
constexpr int forgiven = 5;

class Deletion {
public:
    Deletion(Connection& nft, const Table& table, const std::string& chain,
             const Connection::CommentFilter& ours)
        : nft_(nft), table_(table), chain_(chain), ours_(ours) {}

    void list() {
        generation_ = nft_.generation();
        for (const ListedRule& r : nft_.rules(table_, chain_, ours_)) handles_.push_back(r.handle);
    }

    void guess(std::vector<std::uint64_t> handles) {
        handles_ = std::move(handles);
        verify_handles();
    }

    std::size_t run(const std::function<void(Batch&)>& also) {
        std::size_t deleted = 0;
        while (handles_.size() > deletions_per_batch) {
            const auto rest = handles_.begin() + deletions_per_batch;
            std::vector<std::uint64_t> later(rest, handles_.end());
            handles_.erase(rest, handles_.end());
            deleted += commit({});
            handles_ = std::move(later);
        }
        return deleted + commit(also);
    }

private:
    std::size_t commit(const std::function<void(Batch&)>& also) {
        for (int i = 0, missing = 0; i < tries; ++i) {
            Batch batch;
            for (const auto handle : handles_) batch.delete_rule(table_, chain_, handle);
            if (also) also(batch);
            if (batch.empty()) return 0;
            if (missing == forgiven) batch.insist();
            const auto guard = handles_.empty() ? std::nullopt : generation_;
            const Outcome outcome = nft_.try_commit(std::move(batch), guard);
            if (outcome == Outcome::done) return handles_.size();
            if (outcome == Outcome::missing) ++missing;
            verify_handles();
        }
        throw Error(Code::try_again_later,
                    table_.act("others keep changing nftables while deleting from chain", chain_));
    }

    void verify_handles() {
        generation_ = nft_.generation();
        std::erase_if(handles_, [&](std::uint64_t handle) {
            const auto rule = nft_.find_rule(table_, chain_, handle);
            return !rule || !ours_(rule->comment);
        });
    }

    Connection& nft_;
    const Table& table_;
    const std::string& chain_;
    const Connection::CommentFilter& ours_;
    std::optional<std::uint32_t> generation_;  // older than all handles
    std::vector<std::uint64_t> handles_;
};

}  // namespace

std::size_t delete_rules(Connection& nft, const Table& table, const std::string& chain,
                         const Connection::CommentFilter& ours,
                         const std::function<void(Batch&)>& also) {
    Deletion deletion(nft, table, chain, ours);
    deletion.list();
    return deletion.run(also);
}

std::size_t delete_rules(Connection& nft, const Table& table, const std::string& chain,
                         const Connection::CommentFilter& ours, std::vector<std::uint64_t> handles,
                         const std::function<void(Batch&)>& also) {
    Deletion deletion(nft, table, chain, ours);
    deletion.guess(std::move(handles));
    return deletion.run(also);
}

}  // namespace cni::nft
