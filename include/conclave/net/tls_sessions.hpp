#pragma once

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

namespace conclave::net {

/// TLS sessions that servers have offered for resumption, by origin, so that another connection to
/// the same origin needs a shorter handshake. Holds at most 8 for each of at most 64 origins. A
/// session of TLS 1.3 is used once (RFC 8446 §C.4), an older one as long as its server takes it.
///
/// Thread-safety: may be used by several threads at once.
class tls_sessions : public std::enable_shared_from_this<tls_sessions> {
public:
    struct release {
        void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
    };
    using session_pointer = std::unique_ptr<SSL_SESSION, release>;

    static constexpr std::size_t max_sessions = 8;
    static constexpr std::size_t max_origins = 64;

    /// Lets connections made with `context` keep what their servers offer. Once for each context.
    static void enable(SSL_CTX* context) {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, &on_new_session);
    }

    /// Lets `connection`, which has not shaken hands yet, resume a session with `origin` if there
    /// is one, and keep those that it is offered.
    void attach(SSL* connection, const std::string& origin) {
        auto mine = std::make_unique<link>(link{shared_from_this(), origin});
        if (SSL_set_ex_data(connection, link_index(), mine.get()) == 1) (void)mine.release();
        if (const session_pointer known = take(origin)) SSL_set_session(connection, known.get());
    }

    /// Keeps a session with `origin`, the oldest making room.
    void put(const std::string& origin, session_pointer session) {
        const std::lock_guard lock(mutex_);
        if (!sessions_.contains(origin) && sessions_.size() >= max_origins) {
            sessions_.erase(sessions_.begin());
        }
        auto& list = sessions_[origin];
        if (list.size() >= max_sessions) list.pop_front();
        list.push_back(std::move(session));
    }

    /// The newest session with `origin`, or null.
    session_pointer take(const std::string& origin) {
        const std::lock_guard lock(mutex_);
        const auto found = sessions_.find(origin);
        if (found == sessions_.end()) return nullptr;
        auto& list = found->second;
        const int version = SSL_SESSION_get_protocol_version(list.back().get());
        if (version < TLS1_3_VERSION) return copy(list.back().get());
        session_pointer newest = std::move(list.back());
        list.pop_back();
        if (list.empty()) sessions_.erase(found);
        return newest;
    }

    /// Forgets the sessions with `origin`.
    void forget(const std::string& origin) {
        const std::lock_guard lock(mutex_);
        sessions_.erase(origin);
    }

private:
    struct link {
        std::shared_ptr<tls_sessions> sessions;
        std::string origin;
    };

    static int link_index() {
        static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, &free_link);
        return index;
    }

    static void free_link(void*, void* mine, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<link*>(mine);
    }

    // A copy, because OpenSSL spoils the session of a connection that is closed without TLS's
    // goodbye, which is how ours are.
    static session_pointer copy(const SSL_SESSION* session) {
        return session_pointer(SSL_SESSION_dup(const_cast<SSL_SESSION*>(session)));
    }

    static int on_new_session(SSL* connection, SSL_SESSION* session) {
        const auto* mine = static_cast<const link*>(SSL_get_ex_data(connection, link_index()));
        if (mine == nullptr) return 0;
        try {
            session_pointer kept = copy(session);
            if (kept) mine->sessions->put(mine->origin, std::move(kept));
        } catch (const std::bad_alloc&) {
            // The next handshake is a long one.
        }
        return 0;
    }

    std::mutex mutex_;
    std::map<std::string, std::deque<session_pointer>> sessions_;
};

}  // namespace conclave::net
