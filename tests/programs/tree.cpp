/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tree.cpp - allocations below inlined frames, with sizes that a test knows
 *
 * `plant` is inlined into `grow`, and `grow` into `main`; all blocks come from the line of
 * `new leaf`, 1000 of them, and one vector of 8000 bytes. An exception is thrown and caught on
 * the way, so that a tracer that disturbs the unwinder shows.
 */
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

struct leaf {
	char bytes[40];
};

static inline __attribute__((always_inline)) leaf *
plant()
{
	return new leaf(); /* the line that the test looks for */
}

static inline __attribute__((always_inline)) void
grow(std::vector<leaf *> &leaves, int count)
{
	leaves.reserve(count);
	for (int i = 0; i < count; i++)
		leaves.push_back(plant());
}

static __attribute__((noinline)) int
risk(int value)
{
	if (value > 1)
		throw std::runtime_error("too much");
	return value;
}

int
main()
{
	std::vector<leaf *> leaves;

	grow(leaves, 1000);
	try {
		std::printf("%d\n", risk(2));
	} catch (const std::exception &error) {
		std::printf("caught: %s\n", error.what());
	}
	std::printf("%zu leaves\n", leaves.size());
	return 0;
}
