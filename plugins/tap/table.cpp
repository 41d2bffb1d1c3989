#include "commands.h"
#include "config.h"
#include "labelled.h"

namespace cni::tap {

constinit const Plugin plugin{.name = "tap",
                              .about = about,
                              .add = add,
                              .check = check,
                              .del = del,
                              .gc = gc,
                              .status = status,
                              .is_serialised = true,
                              .run_by_words = run_labelled};

}  // namespace cni::tap
