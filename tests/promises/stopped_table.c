/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stopped_table.c - the runtime's tables cannot grow while the program allocates on
 *
 * All future memory is locked, as a user who may lock 8 MiB: what the runtime asks for is refused,
 * as nobody tells it in time. Each of 40,000 blocks of a second thread is freed at once. Status 77
 * when it cannot be arranged.
 */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static __attribute__((noinline)) void *
churn(void *argument)
{
	for (size_t i = 0; i < 40000; i++) {
		void *block = malloc(100 + i % 2000);

		__asm__ volatile("" : "+r"(block));
		free(block);
	}
	return argument;
}

int
main(void)
{
	const struct rlimit limit = {8 << 20, 8 << 20};
	pthread_attr_t attributes;
	pthread_t thread;

	if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 ||
	    (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) ||
	    syscall(SYS_mlockall, MCL_FUTURE) != 0)
		return 77;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 10);
	if (pthread_create(&thread, &attributes, churn, NULL) != 0)
		return 77;
	pthread_join(thread, NULL);
	return 0;
}
