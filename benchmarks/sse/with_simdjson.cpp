// The best that can be built around simdjson by hand, and its upper bound.

#include <conclave/sse/event.hpp>
#include <conclave/sse/parser.hpp>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contender.hpp"
#include "on_demand.hpp"

// All calls within a pass are inlined, for compilers do not reliably do that by themselves, and it
// is worth a fifth.

namespace conclave::benchmarks {
namespace {

// Nothing is received or framed: each payload lies ready, with the padding simdjson wants. Uses the
// implementation that simdjson thinks best, or the one given.
template <format Format, bool Ordered>
class presplit final : public contender {
public:
    explicit presplit(const corpus& of, const simdjson::implementation* use = nullptr) {
        for (const reference_event& each : reference_events(of.bytes)) {
            payloads_.emplace_back(bytes_.size(), each.data.size());
            bytes_ += each.data;
            bytes_.append(simdjson::SIMDJSON_PADDING, ' ');
        }
        if (use == nullptr) return;
        // A parser keeps the implementation that was active when it first made room.
        auto& active = simdjson::get_active_implementation();
        const simdjson::implementation* const best = active;
        active = use;
        reader_.make_room(bytes_.size());
        active = best;
    }

    CONCLAVE_INLINED void run(source&, sink& to) override {
        for (const auto& [begin, size] : payloads_)
            reader_.read(bytes_.data() + begin, size, size + simdjson::SIMDJSON_PADDING, to);
    }

private:
    std::string bytes_;
    std::vector<std::pair<std::size_t, std::size_t>> payloads_;
    on_demand_reader<Format, Ordered> reader_;
};

// Lines found by memchr from where the last search ended; data copied behind each other into a
// padded buffer; events skipped by their type where that can be.
template <format Format, bool Ordered>
class handbuilt final : public contender {
public:
    CONCLAVE_INLINED void run(source& from, sink& to) override {
        begin_ = end_ = 0;
        data_size_ = 0;
        skip_ = false;
        for (;;) {
            make_room(from.largest());
            const std::size_t size = from.read(received_.data() + end_);
            if (size == 0) return;
            std::size_t scan = end_;
            end_ += size;
            while (const void* found = std::memchr(received_.data() + scan, '\n', end_ - scan)) {
                scan = static_cast<std::size_t>(static_cast<const char*>(found) - received_.data());
                take_line({received_.data() + begin_, scan - begin_}, to);
                begin_ = ++scan;
            }
        }
    }

private:
    void make_room(std::size_t size) {
        if (begin_ == end_) begin_ = end_ = 0;
        if (received_.size() - end_ >= size) return;
        if (begin_ != 0) {
            std::memmove(received_.data(), received_.data() + begin_, end_ - begin_);
        }
        end_ -= begin_;
        begin_ = 0;
        if (received_.size() - end_ < size) received_.resize(2 * (end_ + size) + 65536);
    }

    void take_line(std::string_view line, sink& to) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) {
            if (data_size_ != 0 && !skip_) reader_.read(data_.data(), data_size_, data_.size(), to);
            data_size_ = 0;
            skip_ = false;
        } else if (line.starts_with("data:")) {
            line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
            if (data_.size() < data_size_ + line.size() + 1 + simdjson::SIMDJSON_PADDING) {
                data_.resize(2 * (data_size_ + line.size()) + 4096);
            }
            if (data_size_ != 0) data_[data_size_++] = '\n';
            std::memcpy(data_.data() + data_size_, line.data(), line.size());
            data_size_ += line.size();
        } else if (line.starts_with("event: ")) {
            constexpr std::string_view wanted = text_event_type<Format>();
            if (!wanted.empty()) skip_ = line.substr(7) != wanted;
        }
    }

    std::vector<char> received_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::vector<char> data_;
    std::size_t data_size_ = 0;
    bool skip_ = false;
    on_demand_reader<Format, Ordered> reader_;
};

// Framed by the library and read where it was received: what its own reader of fields has to beat,
// as it validates also what it passes over.
template <format Format, bool Ordered>
class in_place final : public contender {
public:
    in_place() {
        sse::parser_options options;
        options.max_line_size = options.max_event_size = std::size_t{1} << 30;
        events_.emplace(options);
    }

    CONCLAVE_INLINED void run(source& from, sink& to) override {
        events_->reset();
        for (;;) {
            const std::span<char> room = events_->prepare(from.largest());
            const std::size_t size = from.read(room.data());
            if (size == 0) return;
            events_->commit(room.first(size));
            while (const sse::event* found = events_->next()) {
                const std::string_view data = found->data;
                reader_.read(data.data(), data.size(), data.size() + sse::parser::padding, to);
            }
        }
    }

private:
    std::optional<sse::parser> events_;
    on_demand_reader<Format, Ordered> reader_;
};

template <template <format, bool> class Contender, class... Args>
std::unique_ptr<contender> make(const corpus& of, const Args&... args) {
    if (!of.plain) return nullptr;
    switch (of.wire) {
        case format::chat_completions:
            if (!of.ordered) {
                return std::make_unique<Contender<format::chat_completions, false>>(args...);
            }
            return std::make_unique<Contender<format::chat_completions, true>>(args...);
        case format::anthropic_messages:
            return std::make_unique<Contender<format::anthropic_messages, true>>(args...);
        case format::responses:
            return std::make_unique<Contender<format::responses, true>>(args...);
        case format::google: return std::make_unique<Contender<format::google, true>>(args...);
        case format::none: break;
    }
    return nullptr;
}

}  // namespace

std::unique_ptr<contender> make_presplit(const corpus& of) { return make<presplit>(of, of); }
std::unique_ptr<contender> make_presplit_avx2(const corpus& of) {
    // Since the processors with the best of AVX-512 are few.
    const simdjson::implementation* const avx2 =
        simdjson::get_available_implementations()["haswell"];
    if (avx2 == nullptr || !avx2->supported_by_runtime_system()) return nullptr;
    if (avx2 == simdjson::get_active_implementation()) return nullptr;  // that is presplit
    return make<presplit>(of, of, avx2);
}
std::unique_ptr<contender> make_in_place(const corpus& of) { return make<in_place>(of); }
std::unique_ptr<contender> make_handbuilt(const corpus& of) { return make<handbuilt>(of); }

}  // namespace conclave::benchmarks
