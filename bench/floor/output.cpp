#include "output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace cni::floor {

void fail(std::string_view act, int error) {
    Text text;
    text << R"({"code":999,"msg":"floor: )" << act << ": errno " << static_cast<unsigned>(error)
         << "\"}\n";
    print(text.view());
    ::_exit(1);
}

void print(std::string_view text) {
    if (::write(1, text.data(), text.size()) < 0) ::_exit(1);
}

void print_result(const Input& input) {
    print(input.object("prevResult"));
}

void overwrite(const char* path, std::string_view text) {
    const int file = checked(::open(path, O_WRONLY | O_CLOEXEC), path);
    if (::write(file, text.data(), text.size()) < 0) fail(path);
    ::close(file);
}

void make_directory(std::string_view path) {
    for (std::size_t end = 0; end != path.npos;) {
        end = path.find('/', end + 1);
        Text parent;
        parent << std::string_view(path.data(), std::min(end, path.size()));
        if (::mkdir(parent.c_str(), 0755) < 0 && errno != EEXIST) fail(parent.view());
    }
}

}  // namespace cni::floor
