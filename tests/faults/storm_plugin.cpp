/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * storm_plugin.cpp - scenario 9: a plugin whose constructor starts and joins a thread that
 * allocates
 *
 * `storm_throw` throws and catches in here, so that its unwind tables are needed while it may just
 * have been loaded.
 */
#include <cstdlib>
#include <pthread.h>
#include <stdexcept>

extern "C" int storm_throw(int value);

namespace
{
void *
allocate(void *argument)
{
	for (int i = 0; i < 20; i++)
		free(malloc(64 + static_cast<size_t>(i)));
	return argument;
}

struct starter {
	starter()
	{
		pthread_t thread;

		if (pthread_create(&thread, nullptr, allocate, nullptr) == 0)
			pthread_join(thread, nullptr);
	}
} started;
} // namespace

extern "C" int
storm_throw(int value)
{
	try {
		throw std::runtime_error("thrown in a plugin");
	} catch (const std::exception &) {
		return value + 1;
	}
}
