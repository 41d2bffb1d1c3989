#pragma once

#include <string>

#include "support/fault.h"

namespace cni::test {

/// Who speaks: a plugin by an error object on its standard output, cnitool by lines on stderr.
enum class Speaker { plugin, tool };

/// What the words of a program that failed lack; "" when they name what went wrong: the errno in
/// words, behind an act and its object ("open /etc/hosts: Too many open files"), or that a process
/// it had started was killed.
std::string lacking_explanation(Speaker speaker, const Fault& fault, const Injured& injured);

}  // namespace cni::test
