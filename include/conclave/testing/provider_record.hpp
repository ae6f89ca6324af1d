#pragma once

#include <conclave/testing/change_signal.hpp>
#include <conclave/testing/recorded_request.hpp>
#include <conclave/testing/scripted_reply.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace conclave::testing {

/// What is wrong with a connection before any request was read.
enum class connection_fault {
    /// Nothing.
    none,
    /// Closed as soon as it was accepted.
    close,
    /// Reset as soon as it was accepted.
    reset,
    /// Accepted, and then neither read from nor written to. The kernel still takes in what its
    /// buffers hold, so that only a large request finds its way blocked; a client that leaves with
    /// such a request still stuck is not noticed.
    silent,
    /// The first half of the server's part of the TLS handshake, and then nothing. Without TLS the
    /// same as `silent`.
    half_tls_handshake,
    /// An answer in plain HTTP to whatever the client says first.
    plaintext_on_tls,
};

/// A response whose client went away before its end.
struct aborted_response {
    /// The model asked for.
    std::string model;
    /// When the provider noticed.
    std::chrono::steady_clock::time_point at;
    /// How much of the response had been handed to the kernel by then.
    std::size_t bytes_sent = 0;
};

}  // namespace conclave::testing

namespace conclave::testing::detail {

/// What the provider's thread and the test's threads share: the script, and what was seen.
class provider_record {
public:
    void add_reply(const std::string& model, scripted_reply reply) {
        const std::lock_guard lock(mutex_);
        replies_[model].list.push_back(std::move(reply));
    }

    void set_default(scripted_reply reply) {
        const std::lock_guard lock(mutex_);
        default_ = std::move(reply);
    }

    void add_fault(connection_fault fault, std::size_t count) {
        const std::lock_guard lock(mutex_);
        faults_.emplace_back(fault, count);
    }

    /// The next reply of a model: each once and the last for ever, or the default.
    std::optional<scripted_reply> take_reply(const std::string& model) {
        const std::lock_guard lock(mutex_);
        const auto found = replies_.find(model);
        if (found == replies_.end()) return default_;
        reply_queue& queue = found->second;
        if (queue.first_was_used && queue.list.size() > 1) queue.list.pop_front();
        queue.first_was_used = true;
        return queue.list.front();
    }

    bool has_replies(const std::string& model) const {
        const std::lock_guard lock(mutex_);
        return replies_.contains(model);
    }

    connection_fault take_fault() {
        const std::lock_guard lock(mutex_);
        if (faults_.empty()) return connection_fault::none;
        auto& [fault, count] = faults_.front();
        const connection_fault taken = fault;
        const bool is_endless = count == std::numeric_limits<std::size_t>::max();
        if (!is_endless) --count;
        if (count == 0) faults_.pop_front();
        return taken;
    }

    std::vector<std::string> models() const {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> names;
        names.reserve(replies_.size());
        for (const auto& [name, queue] : replies_)
            names.push_back(name);
        return names;
    }

    /// Returns the connection's number, counted from 1.
    std::size_t opened() {
        const std::lock_guard lock(mutex_);
        changes_.notify();
        ++open_;
        return ++accepted_;
    }
    void closed() {
        const std::lock_guard lock(mutex_);
        changes_.notify();
        --open_;
    }
    void resumed() {
        const std::lock_guard lock(mutex_);
        changes_.notify();
        ++resumed_;
    }
    /// Returns the request's number, counted from 1.
    std::uint64_t received(const recorded_request& request) {
        const std::lock_guard lock(mutex_);
        changes_.notify();
        requests_.push_back(request);
        return requests_.size();
    }
    void aborted(aborted_response response) {
        const std::lock_guard lock(mutex_);
        changes_.notify();
        aborted_.push_back(std::move(response));
    }

    std::size_t accepted() const {
        const std::lock_guard lock(mutex_);
        return accepted_;
    }
    std::size_t resumed_handshakes() const {
        const std::lock_guard lock(mutex_);
        return resumed_;
    }
    std::size_t open() const {
        const std::lock_guard lock(mutex_);
        return open_;
    }
    std::vector<recorded_request> requests() const {
        const std::lock_guard lock(mutex_);
        return {requests_.begin(), requests_.end()};
    }
    std::vector<recorded_request> requests_for(const std::string& model) const {
        const std::lock_guard lock(mutex_);
        std::vector<recorded_request> found;
        std::copy_if(requests_.begin(), requests_.end(), std::back_inserter(found),
                     [&](const recorded_request& request) { return request.model == model; });
        return found;
    }
    std::vector<aborted_response> aborted() const {
        const std::lock_guard lock(mutex_);
        return aborted_;
    }

    /// `holds` is called without the lock, so that it may ask for anything above.
    template <class Predicate>
    bool wait_until(const Predicate& holds, std::chrono::milliseconds timeout) const {
        return changes_.wait_until(holds, timeout);
    }

private:
    struct reply_queue {
        std::deque<scripted_reply> list;
        bool first_was_used = false;
    };

    mutable std::mutex mutex_;
    change_signal changes_;

    std::map<std::string, reply_queue> replies_;
    std::optional<scripted_reply> default_;
    std::deque<std::pair<connection_fault, std::size_t>> faults_;

    std::size_t accepted_ = 0;
    std::size_t open_ = 0;
    std::size_t resumed_ = 0;
    std::deque<recorded_request> requests_;
    std::vector<aborted_response> aborted_;
};

}  // namespace conclave::testing::detail
