#pragma once

#include <dirent.h>
#include <fcntl.h>

#include "sys/raw_call.h"

namespace cni {

/// A number in decimal, as /proc/self/fd names descriptors.
CNIXX_ON_A_STACK_OF_ITS_OWN inline unsigned number_in(const char* name) {
    unsigned number = 0;
    for (; *name >= '0' && *name <= '9'; ++name)
        number = number * 10 + static_cast<unsigned>(*name - '0');
    return number;
}

/// Calls act(descriptor) for each of this process, by raw system calls only. False where they
/// cannot be listed. `act` may close them.
template <typename Act>
CNIXX_ON_A_STACK_OF_ITS_OWN bool for_each_descriptor(Act act) {
    const long folder =
        raw_call(SYS_openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return false;
    alignas(dirent64) char entries[2048];
    long size;
    while ((size = raw_call(SYS_getdents64, folder, entries, sizeof entries)) > 0)
        for (long at = 0; at < size;) {
            const auto& entry = *reinterpret_cast<const dirent64*>(entries + at);
            const unsigned fd = number_in(entry.d_name);
            if (entry.d_name[0] != '.' && fd != static_cast<unsigned long>(folder)) act(fd);
            at += entry.d_reclen;
        }
    raw_call(SYS_close, folder);
    return size == 0;
}

}  // namespace cni
