#include "base/release.h"

#if !defined(CNIXX_VERSION) || !defined(CNIXX_REFERENCE_VERSION)
#error "both versions must be defined by the build"
#endif

namespace cni {

constexpr std::string_view release = CNIXX_VERSION;
constexpr std::string_view reference_release = CNIXX_REFERENCE_VERSION;

}  // namespace cni
