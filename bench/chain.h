#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/call.h"

namespace cni::bench {

/// What a chain is measured with different amounts of, all of them there before.
enum class Load {
    none,
    leases,  ///< of other containers, in host-local's folder
    rules,   ///< unrelated ones, in iptables' table nat
    checks,  ///< masquerading and spoof checks of other containers, in nftables
};

/// What is measured: the plugins an attachment goes through, as a network configuration list has
/// them. In the text, "$bridge", "$master", "$subnet", "$data" and "$backend" are put in for each
/// side; a plugin with "untimed" runs without being measured, and each port mapping gets a host
/// port of its own; "mappings" is how many like the first one there are. An attachment has a
/// "vlanId" of its own.
struct Chain {
    std::string_view name;
    std::string_view plugins;
    /// What a folder without the first of these plugins is measured with instead; "": nothing.
    std::string_view instead = {};
    std::string_view version = "1.0.0";  ///< of the list
    /// "$backend" in the text.
    std::string_view backend = {};
    Load load = Load::none;
    /// Has interfaces on one of the host's, which each side has for itself.
    bool has_master = false;
    /// Needs what the flannel daemon writes, in "$data".
    bool has_subnet_file = false;
    /// Asks the daemon of dhcp, which listens in "$data", and a server behind the master.
    bool has_lease_service = false;
    /// Each attachment gets a device of its own.
    bool has_devices = false;
    /// The host's `iptables` is the legacy one; else that of nf_tables.
    bool legacy_iptables = false;
    /// Only when it is named: some plugins take minutes for an attachment, or need what many
    /// kernels lack.
    bool on_request = false;
    /// The plugins in bench/floor can do all of it.
    bool has_floor = false;
};

/// One container of a side.
struct Attachment {
    unsigned number;  ///< from 0
    std::string container_id, netns;
    nlohmann::json result = {};  ///< of the chain so far, as a runtime keeps it for DEL
};

std::span<const Chain> chains();
/// nullptr: no such chain.
const Chain* find_chain(std::string_view name);
/// The plugins of the chain that either folder is sure to have, delegates included, each once.
std::vector<std::string> executables(const Chain& chain);

/// Ours, theirs, and the floor.
constexpr unsigned sides = 3;

/// One folder of plugins on one chain; what it makes is named after it, so that all of them stay
/// out of each other's way on one host.
class Side {
public:
    /// `number` is below `sides`.
    Side(std::string name, std::string folder, unsigned number, const Chain& chain);

    const std::string& name() const { return name_; }
    const std::string& folder() const { return folder_; }
    std::string data_dir() const;
    std::string subnet() const;
    std::string network() const;
    std::size_t length() const { return plugins_.size(); }
    std::string master() const;
    std::string master_peer() const { return master() + "x"; }
    /// That is lent to an attachment: of its number.
    std::string device(unsigned attachment) const;
    /// The address `offset` above the subnet's.
    std::string address(unsigned offset) const;

    /// Whether plugin `index` is measured.
    bool is_timed(std::size_t index) const;
    bool is_timed() const;  ///< all of them
    Call call(std::size_t index, std::string_view command, const Attachment& attachment) const;

private:
    std::string name_, folder_, path_;
    unsigned number_;
    nlohmann::json plugins_;
};

/// A command on its way through a chain for one attachment: plugin by plugin, backwards but for
/// ADD.
class ChainRun {
public:
    /// Both must outlive it.
    ChainRun(const Side& side, Attachment& attachment, std::string_view command)
        : side_(side), attachment_(attachment), command_(command) {}

    bool done() const { return step_ == side_.length(); }
    bool is_timed() const { return side_.is_timed(index()); }
    Call call() const { return side_.call(index(), command_, attachment_); }
    /// What the call printed; the attachment's result becomes what a runtime would keep.
    void take(const std::string& output);

private:
    bool is_add() const { return command_ == "ADD"; }
    std::size_t index() const { return is_add() ? step_ : side_.length() - 1 - step_; }

    const Side& side_;
    Attachment& attachment_;
    std::string_view command_;
    std::size_t step_ = 0;
};

/// Makes the side's master: a link that is up, with nobody at the other end.
void make_master(const Side& side);

/// Writes what the flannel daemon would for the side's subnet.
void make_subnet_file(const Side& side);

/// Makes the devices of the first `count` attachments: links that are up, with nobody at the other
/// end.
void make_devices(const Side& side, unsigned count);

/// Makes `count` leases of other containers, as a node has them: the files that host-local keeps.
void make_leases(const Side& side, unsigned count);

/// Makes `count` rules that match nothing, in POSTROUTING of table nat of IPv4.
void make_rules(bool legacy_iptables, unsigned count);

/// Makes what `count` other containers have in nftables with "ipMasq" and "macspoofchk", as the
/// reference plugins lay it out.
void make_checks(unsigned count);

/// A folder with `iptables` and `ip6tables` of the flavour in it, to be the first of a PATH; made
/// on the host of the calling thread.
std::string iptables_folder(bool legacy_iptables);

}  // namespace cni::bench
