#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "support/chain_fixture.h"
#include "support/model_events.h"
#include "support/traces.h"

namespace cni::test {

/// What a runtime knows of a container.
struct Tenant {
    enum class State {
        absent,    ///< nothing was called, or DEL
        attached,  ///< ADD told its addresses, and nothing has happened to it since
        touched,   ///< so it was, but somebody has changed the container or its link
        unknown,   ///< only a DEL makes sure of anything
    };
    State state = State::absent;
    std::optional<TestNetns> netns = {};
    std::vector<std::string> addresses = {};
    /// Plugins and configuration; "" when the runtime has lost the record of it.
    std::string made_with = {};

    bool holds() const { return state == State::attached || state == State::touched; }
};

/// A host with containers on a chain, to which events happen; and who is there by what they did.
class Model : public SandboxTest, protected ChainCalls {
protected:
    void SetUp() override;

    /// What is wrong after one of the events, or in the end; "" when all is as the model has it.
    std::string play(const Sequence& sequence);
    std::string play(const std::string& sequence) { return play(parse_sequence(sequence)); }

    /// The shortest part of a sequence that still fails; each try on a host of its own.
    Sequence shrink(Sequence sequence);
    void set_up_another_host();

    /// How many events have had something to happen to.
    int steps() const { return steps_; }

private:
    void set_up_host();
    void write_boot_id() const;
    std::string boot_id_file() const { return cat(host_.path(), "/boot_id"); }
    void choose_way(Way way);
    void write_configuration() const;
    std::string configuration() const;
    Program program(const std::string& command, const std::string& name) const;

    bool applies(const Event& event);
    std::string happen(const Event& event);
    std::string happen_to_host(const Event& event);
    std::string add(const std::string& name, Tenant& c);
    std::string shared_address(const std::string& name, const Tenant& c) const;
    std::string del(const std::string& name, Tenant& c);
    std::string check(const std::string& name, const Tenant& c) const;
    void kill(const Event& event, Tenant& c);
    template <typename F>
    std::string by_reference(F&& act);
    void delete_by_reference(const std::string& name, Tenant& c);

    void edit(const std::string& what);
    void delete_bridge();
    void forget();
    void reboot();
    std::vector<std::string> valid() const;
    std::string lost_leases() const;
    std::string end();
    std::string use_all_ways();

    std::map<std::string, Tenant> tenants_;
    std::set<std::string> edits_;
    TempDir host_;  // outside of what is looked at
    char boot_ = '1';
    Traces before_;
    int steps_ = 0;
};

}  // namespace cni::test
