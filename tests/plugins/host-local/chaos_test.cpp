// host-local's files after failures at random: no address goes to two who live, and none is lost.
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "base/error.h"
#include "plugins/host-local/fixture.h"
#include "support/fault.h"

namespace cni::test {
namespace {

namespace fs = std::filesystem;
using Addresses = std::set<std::string>;
using ::testing::Contains;

void overwrite(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

/// Whatever a host's failure may do to the files of a network, at random.
class HostLocalChaos : public HostLocalBoot {
protected:
    void SetUp() override {
        HostLocalBoot::SetUp();
        if (!IsSkipped()) config_ = network(ipam({"10.1.2.0/28"}));
    }
    static constexpr std::size_t range_size = 13;

    static void start_over() { fs::remove_all("/var/lib/cni/networks"); }

    std::size_t pick(std::size_t end) { return random_() % end; }
    bool chance(std::size_t one_in) { return pick(one_in) == 0; }

    std::string garbage(std::size_t size) {
        std::string text(size, 0);
        for (char& c : text) c = static_cast<char>(random_());
        return text;
    }

    /// A lease that the reference plugin makes, or something like it where there is none.
    std::string add_by_another(const std::string& id) {
        std::string address;
        if (reference_dir()) {
            address = join(addresses(reference("ADD", id)), " ");
            address = address.substr(0, address.find('/'));
        } else {
            for (int last = 14; address.empty(); --last)
                if (!fs::exists(path(cat("10.1.2.", last)))) address = cat("10.1.2.", last);
            plant(address, cat(id, "\r\neth0"));
        }
        others_.insert(address);
        return address;
    }

    /// Containers come and go; those that are there in the end, with their addresses.
    std::map<std::string, std::string> live_a_little() {
        std::map<std::string, std::string> live;
        const std::size_t steps = 5 + pick(12);
        for (std::size_t i = 0; i < steps; ++i) {
            if (i == steps / 2) earlier_index_ = read_file(index_file, 1 << 20).value_or("");
            if (chance(4) && live.size() < range_size - 1) {
                const std::string id = cat("other", i);
                live[id] = add_by_another(id);
            } else if (live.size() == range_size || (chance(3) && !live.empty())) {
                del(live.begin()->first);
                live.erase(live.begin());
            } else {
                const std::string id = cat("old", i), address = add(id);
                live[id] = address.substr(0, address.find('/'));
            }
        }
        return live;
    }

    void damage(const std::string& file) {
        const std::uintmax_t size = fs::file_size(file);
        switch (pick(power_was_lost_ ? 5 : 4)) {
            case 0:
                fs::remove(file);
                break;
            case 1:
                fs::resize_file(file, pick(size));
                break;
            case 2:
                overwrite(file, garbage(size));
                break;
            case 3:
                overwrite(file, garbage(pick(2 * size)));
                break;
            default:  // what was not written reads as zeros
                fs::resize_file(file, pick(size));
                fs::resize_file(file, size);
        }
    }
    /// Each page is of now, of an earlier time, of zeros or garbage.
    std::string mixed(const std::string& now) {
        std::string mixture = now;
        for (std::size_t at = 0; at < now.size(); at += 4096) {
            const std::size_t size = std::min<std::size_t>(4096, now.size() - at);
            switch (pick(6)) {
                case 0:
                    if (at < earlier_index_.size())
                        mixture.replace(at, size, earlier_index_.substr(at, size));
                    break;
                case 1:
                    mixture.replace(at, size, std::string(size, '\0'));
                    break;
                case 2:
                    mixture[at + pick(size)] = static_cast<char>(random_());
                    break;
                default:
                    break;
            }
        }
        return mixture;
    }
    void damage_what_is_no_lease() {
        const bool has_index = fs::exists(index_file);
        if (chance(3) && has_index)
            damage(index_file);
        else if (chance(3))
            overwrite(index_file, earlier_index_);
        else if (chance(2) && has_index)
            overwrite(index_file, mixed(*read_file(index_file, 1 << 20)));
        if (chance(2)) damage(path("last_reserved_ip.0"));
        if (chance(3)) plant(".new-lease", garbage(pick(20)));
        if (chance(3)) overwrite(cat(index_file, ".new"), garbage(pick(9000)));
        if (chance(3)) {
            const timespec times[2] = {{0, UTIME_OMIT}, {static_cast<time_t>(random_()), 0}};
            checked(::utimensat(AT_FDCWD, directory, times, 0), "touch ", directory);
        }
    }
    void damage_leases() {
        for (const std::string& name : leases())
            if (name.starts_with("10.") && chance(2)) {
                damage(path(name));
                damaged_.insert(name);
            }
    }

    static Addresses addresses_of(const std::map<std::string, std::string>& live) {
        Addresses all;
        for (const auto& [id, address] : live) all.insert(address);
        return all;
    }

    void live_on_in_the_same_boot() {
        power_was_lost_ = false;
        const auto live = live_a_little();
        damage_what_is_no_lease();
        Addresses all = exhaust("new");
        for (const std::string& address : addresses_of(live))
            EXPECT_TRUE(all.insert(address).second) << address << " was given twice";
        EXPECT_EQ(all.size(), range_size);
        for (const auto& [id, address] : live) {
            EXPECT_TRUE(call("CHECK", id).ok()) << id;
            del(id);
        }
        EXPECT_EQ(exhaust("newer"), addresses_of(live));
    }

    void reboot_without_warning() {
        power_was_lost_ = true;
        damaged_.clear();
        others_.clear();
        boot("1");
        const auto dead = live_a_little();
        damage_what_is_no_lease();
        damage_leases();
        if (chance(3)) fs::remove(path("lock"));
        boot("2");
        // All that runs now: some cannot be there yet, where files without an owner are in the way.
        std::map<std::string, std::string> live;
        for (const char* id : {"early0", "early1"}) {
            const PluginRun run = call("ADD", id);
            if (run.ok()) live[id] = run.json()["ips"][0]["address"];
        }
        for (auto& [id, address] : live) address = address.substr(0, address.find('/'));
        // What this program made and nothing has touched since is free at once, whatever the index.
        for (const std::string& name : leases())
            EXPECT_TRUE(!name.starts_with("10.") || damaged_.contains(name) ||
                        others_.contains(name) || addresses_of(live).contains(name))
                << name << ": " << content(name);
        for (const auto& [id, address] : dead)
            if (chance(2)) del(id);
        gc({"early0", "early1"});

        Addresses all = exhaust("new");
        for (const std::string& address : addresses_of(live))
            EXPECT_TRUE(all.insert(address).second) << address << " was given twice";
        const std::string details = call("ADD", "one-more").json()["details"];
        for (const std::string& name : leases()) {
            if (!name.starts_with("10.") || all.contains(name)) continue;
            EXPECT_THAT(addresses_of(dead), Contains(name));
            EXPECT_TRUE(details.find(name) != details.npos || details.find("...") != details.npos)
                << name << ": " << details;
            fs::remove(path(name));
        }
        for (const std::string& address : exhaust("newer"))
            EXPECT_TRUE(all.insert(address).second) << address << " was given twice";
        EXPECT_EQ(all.size(), range_size);
    }

    std::mt19937 random_{20240229};
    std::string earlier_index_;
    Addresses damaged_, others_;  // leases; others' may have been released meanwhile
    bool power_was_lost_ = false;
};

TEST_F(HostLocalChaos, NoAddressIsGivenTwiceAndNoneIsLost) {
    const char* variable = std::getenv("CNIXX_CUTS");
    const int rounds = variable ? parse_int<int>(variable).value() : 30 / fault_spread();
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
        SCOPED_TRACE(cat("round ", round));
        start_over();
        if (round % 2 == 0)
            live_on_in_the_same_boot();
        else
            reboot_without_warning();
    }
}

}  // namespace
}  // namespace cni::test
