#pragma once

#include <map>
#include <memory>
#include <string>

#include "../rpc/call.h"
#include "base/state_files.h"
#include "keeper.h"
#include "link_watch.h"

namespace cni::dhcp {

/// What plugins ask the daemon for: leases by their holders. What is kept in files outlives the
/// daemon.
class Service final : public KeeperOwner {
public:
    struct Settings {
        Manners manners;
        std::string host_prefix;       ///< before every path of a namespace
        bool wants_broadcast = false;  ///< of all answers of servers
    };
    /// `loop` must outlive it. `files` are its own: another one waits for them.
    Service(Loop& loop, Settings settings, StateFiles files);

    /// Goes on with what an earlier daemon kept, as far as its interfaces are still there.
    void resume();
    /// Does what a plugin asks for; `done` is told once, now or later, unless `who` is abandoned.
    void handle(const Call& call, WaiterId who, const Done& done);
    void abandon(WaiterId who);
    /// Nobody is answered any more: who waits is told so, and the leases stay.
    void stop();

private:
    using Keepers = std::map<Holder, std::unique_ptr<Keeper>>;

    void store(const Record& record) override;
    void ended(Keeper& keeper) override;

    void dispatch(const Call& call, WaiterId who, const Done& done);
    void allocate(const Arguments& arguments, WaiterId who, const Done& done);
    void check(const Arguments& arguments, const Done& done);
    void release(const Arguments& arguments, const Done& done);
    void collect(const Arguments& arguments, const Done& done);
    void resume(const std::string& file);
    void forget(const std::string& file);
    Record new_record(const Arguments& arguments) const;
    Keeper& add(Record record);
    void watch(const Record& record);
    void look_after(const Holder& holder);

    Loop& loop_;
    const Settings settings_;
    StateFiles files_;
    LinkWatch links_;
    Keepers keepers_;
    std::map<WaiterId, Holder> waiting_;
};

}  // namespace cni::dhcp
