// Vectors for a few texts, and which of them mean the same. Set OPENAI_API_KEY, OPPER_API_KEY or
// CONCLAVE_BASE_URL.

#include <conclave/conclave.hpp>

#include <cmath>
#include <cstddef>
#include <exception>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

double similarity(const std::vector<float>& a, const std::vector<float>& b) {
    const auto product = [](const std::vector<float>& x, const std::vector<float>& y) {
        return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
    };
    return product(a, b) / std::sqrt(product(a, a) * product(b, b));
}

asio::awaitable<void> compare() {
    conclave::client client{co_await asio::this_coro::executor,
                            conclave::client_options::from_environment()};
    const std::vector<std::string> texts = {"Postgres is enough.", "Use a relational database.",
                                            "It will rain."};
    auto request = conclave::embedding_request("openai/text-embedding-3-small");
    for (const std::string& text : texts)
        request.add(text);

    auto made = co_await conclave::embed(client, request);

    for (std::size_t i = 1; i < texts.size(); ++i) {
        std::cout << similarity(made.vectors[0], made.vectors[i]) << "  " << texts[0] << "  "
                  << texts[i] << '\n';
    }
    if (made.usage) std::cout << made.usage->input_tokens << " tokens\n";
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, compare(), [](std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    });
    try {
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
