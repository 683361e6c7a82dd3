// SPDX-License-Identifier: LGPL-2.1-or-later
// throw.cpp - exceptions that unwind over allocating frames from changing depths
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

static volatile std::size_t sink;

__attribute__((noinline)) static void
fall(unsigned depth)
{
	std::vector<std::string> words(depth + 1, std::string(40, 'x'));

	if (depth == 0)
		throw std::runtime_error(std::string(100, 'y'));
	fall(depth - 1);
	sink = sink + words.size();
}

__attribute__((noinline)) static void
rethrow(unsigned depth)
{
	auto kept = std::make_unique<std::string>(60, 'z');

	try {
		fall(depth);
	} catch (const std::runtime_error &error) {
		sink = sink + std::string(error.what()).size() + kept->size();
		if (depth % 2 == 0)
			throw;
	}
}

int
main()
{
	for (unsigned i = 0; i < 2000; i++) {
		try {
			rethrow(i % 17);
		} catch (const std::exception &error) {
			sink = sink + std::string(error.what()).size();
		}
	}
}
