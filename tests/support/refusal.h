#pragma once

#include <functional>
#include <initializer_list>

namespace cni::test {

/// What some file systems cannot do, and what some hosts do not let plugins do.
enum class Missing { unnamed_files, hard_links, entering_namespaces };

/// Runs `body` in a thread for which, and for all programs it starts, the system calls in question
/// fail as they do on such a file system or host.
void without(std::initializer_list<Missing> missing, const std::function<void()>& body);

/// What makes one system call fail with an errno in the process that calls it and in all that it
/// starts: for Program::prepare.
std::function<void()> refusing(long system_call, int error);

}  // namespace cni::test
