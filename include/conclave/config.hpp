#pragma once

// Names Asio without including it, so that the sans-I/O layers may include this header too.
// `CONCLAVE_USE_BOOST_ASIO` (define it for the whole program) chooses Boost.Asio.

#if defined(CONCLAVE_USE_BOOST_ASIO)
namespace boost::asio {}
namespace conclave {
namespace asio = ::boost::asio;
}
#else
namespace asio {}
namespace conclave {
namespace asio = ::asio;
}
#endif

// GCC before 13 destroys some temporaries in an expression with `co_await` twice (GCC bugs 99576,
// 100611, 101367); what it would miscompile is refused where we can see it.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#define CONCLAVE_GCC_DESTROYS_TEMPORARIES_TWICE 1
#else
#define CONCLAVE_GCC_DESTROYS_TEMPORARIES_TWICE 0
#endif
