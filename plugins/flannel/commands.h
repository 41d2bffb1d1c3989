#pragma once

#include "cni/plugin.h"

namespace cni::flannel {

Result add(const Request& request);
void check(const Request& request);
void del(const Request& request);
void gc(const Request& request);
void status(const Request& request);

extern const Plugin plugin;

}  // namespace cni::flannel
