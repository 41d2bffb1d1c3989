#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cni/json_object.h"
#include "cni/plugin.h"
#include "net/ip.h"

namespace cni::flannel {

/// What the delegate of an attachment was given at ADD: its DEL gets the same, whatever has become
/// of the configuration and of the node's subnet.
struct Record {
    std::string network;
    AttachmentId attachment = {};
    std::string netns = {};            ///< path
    std::string boot_id = {};          ///< of the boot it was made in
    std::string type = {};             ///< of the delegate
    JsonObject config = {};            ///< for the delegate
    std::vector<Prefix> subnets = {};  ///< that it gets addresses from

    /// Whether it is certain that the attachment is still there.
    bool is_alive() const;
    /// Of the reference plugin: only the name of its file says whose container it is of, and
    /// nothing which interface.
    bool is_nameless() const { return attachment.ifname.empty(); }

    /// The delegate's configuration, as the reference plugin writes it, with the rest under a key
    /// that no delegate knows.
    std::string print() const;
    /// `what` names the file. Throws Error(decoding_failure).
    static Record parse(const std::string& text, const std::string& what);
};

/// One of this request and boot.
Record new_record(const Request& request, std::string type, JsonObject config);

/// The record of an attachment: a file of its container's id, as the reference plugin names it, or,
/// where that is another attachment's, of all three parts. Whose it is, it says itself.
class RecordFile {
public:
    RecordFile(std::string data_dir, const Request& request);

    struct Loaded {
        std::optional<Record> record = {};
        std::optional<Error> problem = {};  ///< there is one, but it is garbled
    };
    Loaded load() const;
    /// In one step; the directory is made when missing.
    void save(const Record& record) const;
    /// With a garbled one, and what a killed save left.
    void remove() const;

private:
    std::string data_dir_, network_;
    AttachmentId attachment_;
};

/// All records of a network, by the names of their files; what is garbled is left out.
std::vector<std::pair<std::string, Record>> list_records(const std::string& data_dir,
                                                         const std::string& network);
/// Removes one of these, and what a killed save left.
void remove_record(const std::string& data_dir, const std::string& name);

}  // namespace cni::flannel
