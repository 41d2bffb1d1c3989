#pragma once

#include <fcntl.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"

namespace cni::fuzz {

/// A fresh directory that goes with the process, as far as a fuzzer ends in order.
class ScratchDir {
public:
    ScratchDir() {
        if (!::mkdtemp(path_)) std::abort();
    }
    ScratchDir(const ScratchDir&) = delete;
    ScratchDir& operator=(const ScratchDir&) = delete;
    ~ScratchDir() { std::filesystem::remove_all(path_); }

    const char* path() const { return path_; }
    std::string path_of(std::string_view name) const { return cat(path_, "/", name); }
    void make_dir(std::string_view name) const { std::filesystem::create_directory(path_of(name)); }
    void write(std::string_view name, std::string_view content) const {
        const std::string path = path_of(name);
        const Fd file = open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600, path);
        write_all(file.get(), content, path);
    }
    void remove(std::string_view name) const { std::filesystem::remove(path_of(name)); }

private:
    char path_[24] = "/tmp/cnixx-fuzz-XXXXXX";
};

}  // namespace cni::fuzz
