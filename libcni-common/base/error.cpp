#include "base/error.h"

#include <cstring>
#include <new>
#include <stdexcept>

namespace cni {

Error::Error(Code code_, std::string msg_, std::string details_)
    : code(code_), msg(std::move(msg_)), details(std::move(details_)) {
    what_ = details.empty() ? msg : cat(msg, "; ", details);
}

SysError::SysError(std::string act, int error_, std::string details_)
    : Error(Code::internal, std::move(act.append(": ").append(errno_text(error_))),
            std::move(details_)),
      error(error_) {}

const char* current_error_text() noexcept {
    try {
        throw;
    } catch (const Error& error) {
        return error.what();
    } catch (const std::bad_alloc&) {
        return "Cannot allocate memory";  // as of ENOMEM
    } catch (const std::length_error&) {
        return "something is larger than memory can be";
    } catch (const std::exception&) {
        return "a defect of this program: it does not know what to do with what it found";
    } catch (...) {
        return "a defect of this program: it broke off for no reason that it knows";
    }
}

Error current_error() {
    try {
        throw;
    } catch (const Error& error) {
        return error;
    } catch (...) {
        return Error(Code::internal, current_error_text());
    }
}

std::string errno_text(int error) {
    const char* text = ::strerrordesc_np(error);
    return text ? text : cat("error ", error);
}

}  // namespace cni
