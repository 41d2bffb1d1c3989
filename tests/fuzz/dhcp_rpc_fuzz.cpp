// What comes to the socket of the DHCP daemon, and what its plugin takes for an answer.
#include <cstdint>
#include <string_view>

#include "attempt.h"
#include "ipam/dhcp/rpc/call.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace dhcp = cni::dhcp;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    cni::fuzz::attempt([&] {
        dhcp::ServerSession session;
        session.next(dhcp::ClientSession::greeting());
        for (auto call = session.next(bytes); call; call = session.next({})) {
        }
    });
    cni::fuzz::attempt([&] {
        dhcp::ClientSession session;
        session.is_greeted("HTTP/1.0 200 Connected to Go RPC\n\n");
        session.next(bytes);
    });
    cni::fuzz::attempt([&] { dhcp::ServerSession().next(bytes); });
    return 0;
}
