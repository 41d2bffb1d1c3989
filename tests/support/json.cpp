// The members of nlohmann::json, which support/precompiled.h promises to every test.
#include <nlohmann/json.hpp>

template class nlohmann::basic_json<>;
