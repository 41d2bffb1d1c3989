#pragma once

#include <string>

#include "backup.h"
#include "base/undo.h"
#include "sys/netns.h"

namespace cni::tuning {

/// What became of the steps of putting back.
class Outcome {
public:
    /// A container must go, whatever the kernel or a driver says: what they refuse is no error. But
    /// what could not even be tried, for want of memory say, is one: DEL will be called again.
    template <typename F>
    void attempt(F&& step) {
        try {
            step();
        } catch (const SysError& error) {
            add(error);
        } catch (const Error& error) {
            give_up(error);
        }
    }
    /// For what will be refused every time.
    void note(const Error& error);
    /// Warns of everything that was refused, in one line. Throws what could not be tried.
    void report() const;
    /// Whether another DEL may have more success.
    bool is_complete() const { return complete_; }

private:
    void add(const SysError& error);
    void give_up(const Error& error);

    std::string refused_;
    Failures failures_;
    bool complete_ = true;
};

/// Gives the interface and the namespace back what they had. Nothing happens in a namespace that is
/// known to be another one than that of the backup.
void put_back(Netns netns, const std::string& ifname, Backup backup, Outcome& outcome);

}  // namespace cni::tuning
