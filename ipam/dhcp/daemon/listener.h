#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "base/fd.h"

namespace cni::dhcp {

/// The socket that a service manager passed (sd_listen_fds(3)); empty when it passed none. Throws
/// Error when it passed several, or what is no listening stream socket.
Fd passed_socket();

/// A socket that listens at a path, for this user alone. The directory is made when it is missing.
/// One that nobody listens at any more is replaced. Throws SysError of EADDRINUSE when somebody
/// does.
class Listener {
public:
    explicit Listener(std::string path);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    /// Throws SysError of EADDRINUSE when somebody listens there.
    static void require_none(const std::string& path);
    /// Removes the path, unless another one listens there by now.
    ~Listener();

    Fd take() { return std::move(socket_); }

private:
    const std::string path_;
    Fd socket_;
    dev_t device_ = 0;  ///< of the path, and its inode: to know it by
    ino_t inode_ = 0;
};

}  // namespace cni::dhcp
