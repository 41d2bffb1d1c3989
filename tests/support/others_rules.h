#pragma once

#include "support/portmap_fixture.h"
#include "support/process.h"

namespace cni::test {

/// The programs iptables and nft, adding one rule after the other, in chains of their own, to the
/// tables that a way's rules are in; from construction on.
class OthersRules {
public:
    explicit OthersRules(Way way);

    /// Ends both programs, expects all the rules that they have added, and removes them and their
    /// chains. Tables of iptables stay, as they always do.
    void expect_all_there();

private:
    Way way_;
    Process iptables_, nft_;
};

}  // namespace cni::test
