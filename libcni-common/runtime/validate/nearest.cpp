#include "runtime/validate/nearest.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "base/text.h"

namespace cni {
namespace {

// Letters to insert, remove or replace, and neighbours to swap (optimal string alignment): three
// rows of the matrix at a time.
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::swap(before, above);
        std::swap(above, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word,
                                        const std::vector<std::string_view>& candidates) {
    std::optional<std::string_view> best;
    std::size_t limit = word.size() / 3;
    for (const std::string_view candidate : candidates) {
        const std::size_t d = distance(lower(word), lower(candidate));
        if (d > limit || (best && d == limit)) continue;
        best = candidate;
        limit = d;
    }
    return best;
}

}  // namespace cni
