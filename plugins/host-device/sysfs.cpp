#include "sysfs.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

namespace cni::host_device {
namespace {

constexpr std::string_view sys_devices = "/sys/devices";

std::string_view folder_of(Bus bus) {
    return bus == Bus::pci ? "/sys/bus/pci/devices" : "/sys/bus/auxiliary/devices";
}

/// A folder of sysfs that is there, and its path for messages.
struct Folder {
    Fd fd;
    std::string path;

    static std::optional<Folder> find(int dir, const std::string& name, std::string path) {
        auto fd = find_at(dir, name.c_str(), O_RDONLY | O_DIRECTORY, path);
        if (!fd) return {};
        return Folder{std::move(*fd), std::move(path)};
    }
    std::optional<Folder> find(const std::string& name) const {
        return find(fd.get(), name, cat(path, "/", name));
    }
    std::vector<std::string> names() const {
        return list_dir(open_at(fd.get(), ".", O_RDONLY | O_DIRECTORY, 0, path), path);
    }
};

std::optional<Folder> find_folder(std::string_view above, const std::string& name) {
    const auto root = Folder::find(AT_FDCWD, std::string(above), std::string(above));
    return root ? root->find(name) : std::nullopt;
}

// Of virtio a PCI device has a device below it, which has the interface.
std::optional<Folder> find_virtio_net(const Folder& device) {
    for (const std::string& name : device.names()) {
        const auto below = name.starts_with("virtio") ? device.find(name) : std::nullopt;
        if (!below) continue;
        if (auto net = below->find("net")) return net;
    }
    return {};
}

std::string first_in(const std::optional<Folder>& net, const std::string& path) {
    if (!net)
        throw Error(Code::internal,
                    cat("failed to read directory ", path, ": ", quote(errno_text(ENOENT))),
                    "there is no such device, or it has no network interface on this host");
    const auto names = net->names();
    if (names.empty())
        throw Error(Code::internal, cat("failed to find network device in path ", net->path),
                    "it may be in another network namespace, a container's for instance");
    return names.front();
}

}  // namespace

bool has_device(Bus bus, const std::string& id) {
    return find_folder(folder_of(bus), id).has_value();
}

std::string pci_driver(const std::string& id) {
    const std::string path = cat(folder_of(Bus::pci), "/", id, "/driver");
    const auto device = find_folder(folder_of(Bus::pci), id);
    char target[PATH_MAX];
    const auto size = device ? ::readlinkat(device->fd.get(), "driver", target, sizeof target) : -1;
    if (size < 0)
        throw Error(Code::internal,
                    cat("error with host device: lstat ", path, ": ", errno_text(ENOENT)),
                    device ? "no driver has the device" : "there is no such PCI device");
    const std::string_view text(target, static_cast<std::size_t>(size));
    return std::string(text.substr(text.rfind('/') + 1));
}

std::string interface_of(Bus bus, const std::string& id) {
    const auto device = find_folder(folder_of(bus), id);
    const std::string path = cat(folder_of(bus), "/", id, "/net");
    auto net = device ? device->find("net") : std::nullopt;
    if (bus == Bus::auxiliary) return first_in(net, path);
    if (device && !net) net = find_virtio_net(*device);
    if (!net)
        throw Error(Code::internal, cat("no net directory under pci device ", id),
                    "its driver, if it has one, makes no network interface of it");
    return first_in(net, path);
}

std::string interface_of_path(const std::string& path) {
    return first_in(find_folder(sys_devices, cat(path, "/net")),
                    cat(sys_devices, "/", path, "/net"));
}

}  // namespace cni::host_device
