#include "callers.hpp"

#include <conclave/http/characters.hpp>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <string_view>

namespace server {

namespace {

constexpr std::int64_t seconds_of_day = 86'400;

std::int64_t unix_seconds() {
    using namespace std::chrono;
    return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

refusal refuse(int status, const char* code, const std::string& message,
               std::int64_t retry_after = 0) {
    header_list extra;
    if (retry_after > 0) extra.push_back({"Retry-After", std::to_string(retry_after)});
    if (status == 401) extra.push_back({"WWW-Authenticate", "Bearer"});
    return refusal(status, code, message, std::move(extra));
}

std::string_view bearer_key(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    const std::string_view given = authorization.substr(0, scheme.size());
    if (!conclave::http::equals_ignoring_case(given, scheme)) return {};
    return conclave::http::trim(authorization.substr(scheme.size()));
}

}  // namespace

class admission::turn {
public:
    explicit turn(admission& at) : at_(at), mine_(std::make_shared<waiter>(at.context_)) {
        at_.queue_.push_back(mine_);
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
        std::erase(at_.queue_, mine_);
        if (mine_->granted) at_.release();
    }

    waiter& mine() noexcept { return *mine_; }
    /// The leave that was granted is taken.
    void take() noexcept { mine_->granted = false; }

private:
    admission& at_;
    std::shared_ptr<waiter> mine_;
};

place::~place() {
    if (from_ != nullptr) from_->give_back(caller_);
}

void place::spend(std::int64_t tokens, double cost) {
    if (from_ == nullptr) return;
    admission::caller& who = from_->callers_[caller_];
    admission::begin_day(who);
    who.tokens += tokens;
    who.cost += cost;
}

admission::admission(asio::io_context& context, const config& settings)
    : context_(context), limits_(settings.limits) {
    for (const caller_setting& each : settings.callers) {
        caller known;
        known.name = each.name;
        known.key = digest_of(each.key);
        known.limits = each.limits;
        callers_.push_back(std::move(known));
    }
    if (callers_.empty()) callers_.emplace_back();
}

admission::digest admission::digest_of(std::string_view key) {
    digest made{};
    SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), made.data());
    return made;
}

std::string admission::authenticate(const http_request& request) const {
    if (callers_.front().name.empty()) return {};
    const std::string_view key = bearer_key(request.header("authorization"));
    const digest given = digest_of(key);
    const caller* found = nullptr;
    // Every key is looked at, and the whole of it.
    for (const caller& each : callers_) {
        if (CRYPTO_memcmp(each.key.data(), given.data(), given.size()) == 0) found = &each;
    }
    if (found == nullptr) {
        throw refuse(401, key.empty() ? "missing_key" : "invalid_key",
                     key.empty() ? "the request has no key: send `Authorization: Bearer …`"
                                 : "the key is not known here");
    }
    return found->name;
}

std::size_t admission::find(const std::string& name) const {
    const auto known = std::find_if(callers_.begin(), callers_.end(),
                                    [&](const caller& each) { return each.name == name; });
    if (known == callers_.end()) throw refuse(401, "missing_key", "the request has no key");
    return static_cast<std::size_t>(known - callers_.begin());
}

void admission::begin_day(caller& who) {
    const std::int64_t today = unix_seconds() / seconds_of_day;
    if (who.day == today) return;
    who.day = today;
    who.tokens = 0;
    who.cost = 0;
}

void admission::check_seats(const caller& who, std::size_t seats) const {
    std::size_t most = limits_.seats;
    if (who.limits.seats != 0) most = std::min(most, who.limits.seats);
    if (seats <= most) return;
    throw refuse(413, "too_many_seats",
                 "a panel may have no more seats here than " + std::to_string(most));
}

void admission::check_caller(caller& who) {
    begin_day(who);
    const caller_limits& limits = who.limits;
    if (limits.panels != 0 && who.running >= limits.panels) {
        throw refuse(429, "too_many_panels", "this key has as many panels running as it may", 1);
    }
    const bool tokens = limits.tokens_per_day != 0 && who.tokens >= limits.tokens_per_day;
    const bool cost = limits.cost_per_day > 0 && who.cost >= limits.cost_per_day;
    if (!tokens && !cost) return;
    throw refuse(429, tokens ? "tokens_spent" : "cost_spent",
                 "this key has used what it may in a day",
                 seconds_of_day - unix_seconds() % seconds_of_day);
}

void admission::release() {
    if (queue_.empty()) {
        --running_;
        return;
    }
    // The leave goes on to who has waited longest.
    const std::shared_ptr<waiter> next = queue_.front();
    queue_.pop_front();
    next->granted = true;
    next->timer.cancel();
}

void admission::give_back(std::size_t who) {
    --callers_[who].running;
    release();
}

asio::awaitable<void> admission::wait_for_turn() {
    turn mine(*this);
    mine.mine().timer.expires_after(limits_.queue_time);
    std::error_code woken;
    co_await mine.mine().timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    // Cancelled: thrown here, and the turn is over.
    co_await asio::post(context_, asio::use_awaitable);
    if (!mine.mine().granted) {
        throw refuse(503, "overloaded", "the server has waited for others to end for too long", 1);
    }
    mine.take();
}

asio::awaitable<place> admission::enter(const http_request& request, std::size_t seats) {
    const std::size_t who = find(request.caller);
    check_seats(callers_[who], seats);
    check_caller(callers_[who]);
    // Those who wait count as well, so that one caller cannot fill the queue.
    ++callers_[who].running;
    bool entered = false;
    const auto leave = [this, who, &entered](void*) {
        if (!entered) --callers_[who].running;
    };
    const std::unique_ptr<void, decltype(leave)> counted(this, leave);
    if (running_ < limits_.panels) {
        ++running_;
    } else if (queue_.size() >= limits_.queue) {
        throw refuse(503, "overloaded", "too many panels wait already", 1);
    } else {
        co_await wait_for_turn();
    }
    entered = true;
    place given(this, who);
    co_return given;
}

}  // namespace server
