#pragma once

#include <set>
#include <string>

#include "base/fd.h"
#include "sys/netns.h"

namespace cni::test {

/// Hears of every link in a namespace, from now on.
class LinkWatch {
public:
    explicit LinkWatch(const Netns& netns);

    /// The names of those that were made, changed or deleted meanwhile: each that one of them had.
    std::set<std::string> names() const;

private:
    Fd socket_;
};

}  // namespace cni::test
