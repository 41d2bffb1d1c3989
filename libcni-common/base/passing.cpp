#include "base/passing.h"

#include <cerrno>

namespace cni {

bool is_passing(int error) {
    switch (error) {
        case ENOMEM:
        case ENOBUFS:
        case EMFILE:
        case ENFILE:
        case EAGAIN:
        case EINTR:
        case ENOSPC:
            return true;
        default:
            return false;
    }
}

bool is_refusal(int error) {
    return !is_passing(error) && error != EIO;
}

}  // namespace cni
