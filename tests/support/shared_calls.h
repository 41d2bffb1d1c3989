#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

namespace cni::test {

/// System calls by which processes of one host see each other's work, or take turns: those on files
/// below /var/lib/cni and /run, on kernel parameters, to netlink and to the tables of iptables.
/// What the kernel answered already is not one, nor is what a process does to memory of its own.

/// For Program::prepare: before each of them the program stops with PTRACE_EVENT_SECCOMP, and
/// before some that only look like one.
std::function<void()> stopping_at_shared_calls();

/// What a process that has stopped so is about to do ("openat /run/x"); nullopt when it is none of
/// those calls.
std::optional<std::string> shared_call_of(pid_t pid);

}  // namespace cni::test
