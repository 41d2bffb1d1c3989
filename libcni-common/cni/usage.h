#pragma once

#include "cni/plugin.h"

namespace cni {

/// What a plugin says on stderr when it is run without CNI_COMMAND: its versions, in lines that
/// programs read. Who asks for help by its first word, or has a terminal as stdin, is told besides
/// what the plugin does, what it wants and where its documentation is. Returns the exit status.
/// Throws SysError when stderr cannot be written.
int print_usage(const Plugin& plugin, Words words);

}  // namespace cni
