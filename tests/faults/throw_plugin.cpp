/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* throw_plugin.cpp - scenario 11: C++ that throws inside a C program which never heard of it (F15)
 */
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" int plugin_catches(int (*callback)(int), int depth);
extern "C" int plugin_throws(int depth);

namespace
{
struct guard {
	explicit guard(int &counter) : counter_(counter)
	{
		counter_++;
	}
	~guard()
	{
		counter_--;
	}
	int &counter_;
};
int alive;

[[gnu::noinline]] int
descend(int depth)
{
	guard guard(alive);
	std::vector<std::string> strings(3, std::string(100, 'x'));

	if (depth == 0)
		throw std::runtime_error(strings[1]);
	return descend(depth - 1) + static_cast<int>(strings.size());
}
} // namespace

extern "C" int
plugin_throws(int depth)
{
	return descend(depth);
}

/* The exception crosses callback, which is C. */
extern "C" int
plugin_catches(int (*callback)(int), int depth)
{
	int result = 0;

	try {
		result = callback(depth);
	} catch (const std::runtime_error &error) {
		result = static_cast<int>(std::string(error.what()).size());
	}
	return result + 1000 * alive;
}
