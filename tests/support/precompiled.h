#pragma once

// What most tests include, compiled once for all of them. It has no declarations of ours: each file
// includes what it uses, and compiles without this one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

// As well as its members: support/json.cpp has them.
extern template class nlohmann::basic_json<>;
