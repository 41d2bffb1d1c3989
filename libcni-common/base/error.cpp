#include "base/error.h"

#include <cstring>

namespace cni {

Error::Error(Code code_, std::string msg_, std::string details_)
    : code(code_), msg(std::move(msg_)), details(std::move(details_)) {
    what_ = details.empty() ? msg : cat(msg, "; ", details);
}

SysError::SysError(std::string act, int error_, std::string details_)
    : Error(Code::internal, std::move(act.append(": ").append(errno_text(error_))),
            std::move(details_)),
      error(error_) {}

std::string errno_text(int error) {
    const char* text = ::strerrordesc_np(error);
    return text ? text : cat("error ", error);
}

}  // namespace cni
