#include <algorithm>
#include <utility>

#include "netfilter/nft_commit.h"

namespace cni::nft {
namespace {

// Others wait for the whole of a batch.
constexpr std::size_t deletions_per_batch = 200;

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
        bool is_first = true;
        const auto attempt = [&](Refusals refusals) {
            if (!std::exchange(is_first, false)) verify_handles();
            Batch batch;
            for (const auto handle : handles_) batch.delete_rule(table_, chain_, handle);
            if (also) also(batch);
            if (batch.empty()) return Try::done;
            // A handle is of another rule once its table was deleted and made again. Without one
            // nothing depends on what was read.
            const auto guard = handles_.empty() ? std::nullopt : generation_;
            return commit_once(nft_, std::move(batch), refusals, guard);
        };
        commit_optimistically(attempt, table_.act("nftables while deleting from chain", chain_));
        return handles_.size();
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
