#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "../corpora/corpus.hpp"

namespace conclave::benchmarks {

/// Where contenders bring what they found. In a measurement it only touches it, so that no work can
/// be left out; to compare contenders it collects every byte.
class sink {
public:
    void collect_in(std::string& out) { collected_ = &out; }
    std::uint64_t touched() const { return touched_; }

    void delta(std::string_view text) {
        if (text.empty()) return;
        if (collected_ != nullptr) [[unlikely]] {
            collected_->append(text).push_back(corpus::delta_end);
            return;
        }
        touched_ += static_cast<unsigned char>(text.front()) + text.size();
    }

    void event(std::string_view type, std::string_view data) {
        if (collected_ != nullptr) [[unlikely]] {
            collected_->append(type).push_back(corpus::delta_end);
            collected_->append(data).push_back(corpus::delta_end);
            return;
        }
        touched_ += data.size() + type.size();
        if (!data.empty()) touched_ += static_cast<unsigned char>(data.front());
    }

    void touch(std::uint64_t value) { touched_ += value; }

private:
    std::uint64_t touched_ = 0;
    std::string* collected_ = nullptr;
};

}  // namespace conclave::benchmarks
