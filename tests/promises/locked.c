/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * locked.c - a program that locks its memory and goes on allocating, as real-time programs do
 *
 *     locked KIB FLAGS     who may lock so much, as no more than a user; KIB 0: as who it is
 *     locked KIB FLAGS filtered       the same, where prctl(2) is the end
 *
 * FLAGS are those of mlockall(2). Says whether that went well, and what it could have afterwards;
 * how much is locked then is `locked_kib` of the report. Status 77 when it cannot be arranged.
 */
#define _GNU_SOURCE
#include "config.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *
churn(void *argument)
{
	int *failed = argument;

	for (size_t i = 0; i < 2000; i++) {
		void *block = malloc(100 + i);

		*failed += block == NULL;
		free(block);
	}
	return argument;
}

static void
report(FILE *file)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];

	while (status != NULL && fgets(line, sizeof(line), status) != NULL)
		if (strncmp(line, "VmLck:", 6) == 0 && file != NULL)
			fprintf(file, "locked_kib %ld\n", strtol(line + 6, NULL, 10));
	if (status != NULL)
		fclose(status);
	if (file != NULL)
		fclose(file);
}

static bool
filter_prctl(void)
{
	struct sock_filter all[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {4, all};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int
main(int argc, char **argv)
{
	const char *path = getenv("FAULTS_REPORT");
	FILE *file = path != NULL ? fopen(path, "we") : NULL;
	rlim_t bytes = argc > 2 ? strtoul(argv[1], NULL, 10) << 10 : 0;
	const struct rlimit limit = {bytes, bytes};
	int threads = 0, failed = 0, result;
	static void *kept[3000];
	pthread_attr_t attributes;
	pthread_t thread;

	if (argc < 3 || (bytes != 0 && setrlimit(RLIMIT_MEMLOCK, &limit) != 0) ||
	    (bytes != 0 && geteuid() == 0 && setresuid(65534, 65534, 65534) != 0))
		return 77;
	if (argc > 3 && !filter_prctl())
		return 77;
	errno = 0;
	result = mlockall((int)strtol(argv[2], NULL, 10));
	printf("%d %s\n", result, strerror(errno));
	for (size_t i = 0; i < 3000; i++)
		failed += (kept[i] = malloc(200)) == NULL;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 10);
	for (int i = 0; i < 20; i++)
		if (pthread_create(&thread, &attributes, churn, &failed) == 0) {
			pthread_join(thread, NULL);
			threads++;
		}
	for (size_t i = 0; i < 3000; i++)
		free(kept[i]);
	printf("%d threads, %d blocks failed\n", threads, failed);
	report(file);
	return 0;
}
