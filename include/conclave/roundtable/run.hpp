#pragma once

#include <memory>
#include <utility>

#include <conclave/client/client.hpp>
#include <conclave/net/asio.hpp>
#include <conclave/roundtable/hosted.hpp>
#include <conclave/roundtable/panel.hpp>
#include <conclave/roundtable/request.hpp>
#include <conclave/roundtable/response.hpp>
#include <conclave/roundtable/seat.hpp>
#include <conclave/roundtable/validate.hpp>

namespace conclave::detail {

/// Runs a roundtable on the current strand: here, or on the server that the client's options name.
/// Both references have to outlive it.
template <class Transport>
asio::awaitable<roundtable_response> run_roundtable(std::shared_ptr<client_state<Transport>> client,
                                                    const roundtable_request& request,
                                                    event_sink& sink) {
    roundtable_response response;
    if (client->options.hosted_roundtable) {
        validate(request);
        hosted_panel<Transport> elsewhere(std::move(client), request, sink);
        response = co_await elsewhere.run();
    } else {
        panel<Transport> here(std::move(client), request, sink);
        response = co_await here.run();
    }
    co_return response;
}

}  // namespace conclave::detail
