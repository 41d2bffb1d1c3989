#pragma once

#include <string>

#include "cni/result.h"
#include "record.h"

/// What is done on the interface that a record names.
namespace cni::dhcp {

/// Whether the interface bears these addresses, as far as can be seen. Somebody may have taken them
/// off, or a daemon has ended when it was about to put them there.
bool bears(const Record& record, const std::vector<Prefix>& addresses);

/// Whether it is proved that the interface is not there any more. What fails for the moment proves
/// nothing, and is said in the log.
bool is_gone(const Record& record);

/// What became of an interface that was to bear something else.
enum class Change {
    made,
    missed,  ///< it bears what it did, or nobody knows: to be tried again
    undone,  ///< it bears nothing, since it cannot bear what it is to
};
struct ChangeOutcome {
    Change change;
    std::string trouble = {};  ///< why it was not made
};

/// Has the interface bear what a lease says `now` in place of `borne`, which tells afterwards what
/// it bears. An address that another one was given for stays in no case but Change::missed.
ChangeOutcome change_interface(const Record& record, Result& borne, const Result& now);

}  // namespace cni::dhcp
