#pragma once

#include <string>
#include <vector>

#include "../passage.h"
#include "service.h"

/// Sources of a zone of firewalld: what comes from an address is let do what the zone allows. What
/// keeps bridges apart is not firewalld's, but rules'.
namespace cni::firewall::firewalld {

/// What the owner has besides is removed.
void add(Service& service, const Passage& passage);
/// Throws Error naming the first address that the zone does not have.
void check(Service& service, const Passage& passage);

/// Removes what is recorded as the owner's, unless it is recorded as somebody else's, too. Without
/// firewalld that is gone already. It is asked only when there is something. Throws Refusal behind
/// the last address.
void remove(const Owner& owner);
/// The same for a container that is gone, which a refusal is not to hold up: it is told on stderr,
/// and the record stays for gc().
void remove_or_leave(const Owner& owner);
/// remove() of what is recorded as the network's and none of `valid`'s.
void gc(const std::string& network, const std::vector<Owner>& valid);

/// Removes addresses that nobody is recorded for, as the reference plugin added them. What goes
/// wrong is told on stderr: nothing says that they are there.
void remove_unrecorded(const std::string& zone, const std::vector<Prefix>& addresses);

}  // namespace cni::firewall::firewalld
