#pragma once

#include <optional>
#include <string>

#include "cni/plugin.h"
#include "sys/tuntap.h"

/// A tap that SELinux knows by another label than that of this process. The kernel gives it the
/// label of the process that makes it (selinux_tun_dev_alloc_security(), security/selinux/hooks.c)
/// and tells nobody a way to change it but for the one who attaches. A process gets another label
/// when it executes a file, which policies let container runtimes do as they start containers; that
/// it changes its label as it runs (dyntransition) they do not. So this program executes itself.
namespace cni::tap {

/// attach_tap() in a process with this label. Throws SysError, also when the label is none that the
/// kernel knows, SELinux is off, or its policy does not let this program run with it.
void attach_labelled(int tun, const NewTap& tap, const std::string& context);

/// The main function of that process, known by its words; nullopt in any other.
std::optional<int> run_labelled(Words words);

}  // namespace cni::tap
