// Nobody reads what the C++ library prints before it gives up, and all of printf would come along to print it.
// libc++ lets programs say what stands in its place ("Overriding the default assertion failure handler").
#include <cstdlib>
#include <__verbose_abort>

_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) noexcept { std::abort(); }
_LIBCPP_END_NAMESPACE_STD
