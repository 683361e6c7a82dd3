/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * twins.c - programs for a copy of themselves to look at; each line of input is one event
 *
 *     twins events        allocates and frees at each line of input
 *     twins large         the same with some hundred megabytes to read
 *     twins asleep        allocates no more
 *     twins filtered      filters its system calls
 *     twins movers        two threads move pointers to blocks, for ever
 *     twins forks         another thread forks children, each with one block
 *     twins sparse        shares a gigabyte with nobody, of which it has touched two pages
 *     twins limited       may start no process any more
 *     twins direct FILE   reads a file past the page cache
 *     twins ring          has an io_uring
 *     twins exits         exits at once, with a second thread
 *     twins exits filtered       the same, and making a copy would be its end
 *     twins exits sandboxed      may open no file any more
 *     twins exits closed         may have no descriptor any more
 *
 * It says "ready" when it is, and what it has seen of children that it has not made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SLOTS = 20000,
	LARGE = 300
};

static __attribute__((used)) void *slots[2][SLOTS];
static __attribute__((used)) void *large[LARGE];
static volatile sig_atomic_t signals;

static void
note_signal(int number)
{
	signals += number == SIGCHLD;
}

static __attribute__((noinline)) void
lose(void)
{
	for (int i = 0; i < 5; i++)
		memset(malloc(100), 0, 100);
}

static __attribute__((noinline)) void
clean_stack(void)
{
	volatile char area[16384];

	for (size_t i = 0; i < sizeof(area); i++)
		area[i] = 0;
}

static void *
move(void *argument)
{
	unsigned seed = (unsigned)(size_t)argument, first = (seed - 1) * (SLOTS / 2);

	for (;;) {
		unsigned from = first + (unsigned)rand_r(&seed) % (SLOTS / 2);
		int side = slots[0][from] == NULL;

		/* Never only in a register: the new place has it before the old one loses it. */
		__atomic_store_n(&slots[!side][from], slots[side][from], __ATOMIC_SEQ_CST);
		__atomic_store_n(&slots[side][from], NULL, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void
start_movers(void)
{
	pthread_t thread;

	for (int i = 0; i < SLOTS; i++)
		slots[0][i] = malloc(40);
	for (size_t i = 1; i <= 2; i++)
		pthread_create(&thread, NULL, move, (void *)i);
}

static void
filter(void)
{
	struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {1, all};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Dies by clone, and by nothing else. */
static void
filter_clone(void)
{
	struct sock_filter all[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {4, all};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		exit(77);
}

static void
enter_sandbox(void)
{
	const struct landlock_ruleset_attr all = {.handled_access_fs = (1 << 13) - 1};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (rules < 0 || syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		exit(77);
}

static void *
fork_on(void *unused)
{
	for (int i = 0; i < 100; i++) {
		int status;
		pid_t child = fork();

		if (child == 0) {
			memset(malloc(321), 0, 321);
			exit(0);
		}
		if (waitpid(child, &status, 0) != child || status != 0)
			puts("a child failed");
		usleep(2000);
	}
	return unused;
}

static void *
wait_on(void *unused)
{
	pause();
	return unused;
}

static void
start_thread(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL) != 0)
		exit(78);
}

static void
share(void)
{
	size_t bytes = (size_t)1 << 30;
	int fd = memfd_create("sparse", 0);
	char *memory = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0)
		memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		exit(79);
	*(void **)(memory + bytes / 2) = memset(malloc(777), 0, 777);
	memory[bytes - 1] = 1;
}

static void
make_ring(void)
{
	struct io_uring_params parameters = {0};

	if (syscall(SYS_io_uring_setup, 4, &parameters) < 0)
		exit(77);
}

/* Who may do all may start all. */
static void
limit(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_NPROC, &none);
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		exit(80);
}

static void
prepare(int argc, char **argv)
{
	const char *how = argv[1];

	if (strcmp(how, "movers") == 0)
		start_movers();
	else if (strcmp(how, "filtered") == 0)
		filter();
	else if (strcmp(how, "forks") == 0)
		start_thread(fork_on);
	else if (strcmp(how, "sparse") == 0)
		share();
	else if (strcmp(how, "limited") == 0)
		limit();
	else if (strcmp(how, "ring") == 0)
		make_ring();
	else if (strcmp(how, "direct") == 0 && open(argv[2], O_RDONLY | O_DIRECT) < 0)
		exit(77);
	if (strcmp(how, "exits") != 0)
		return;
	start_thread(wait_on);
	if (argc > 2 && strcmp(argv[2], "filtered") == 0)
		filter_clone();
	else if (argc > 2 && strcmp(argv[2], "sandboxed") == 0)
		enter_sandbox();
	else if (argc > 2)
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, 0});
	exit(0);
}

static void
look_for_children(void)
{
	int status, result = waitpid(-1, &status, WNOHANG);
	siginfo_t info;

	if (result != -1 || errno != ECHILD)
		printf("waitpid saw %d\n", result);
	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) != -1 || errno != ECHILD)
		puts("waitid saw something");
	if (signals != 0)
		puts("SIGCHLD");
}

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "events";
	char line[64];

	signal(SIGCHLD, note_signal);
	setvbuf(stdout, NULL, _IOLBF, 4096);
	setvbuf(stdin, NULL, _IOFBF, 4096);
	lose();
	clean_stack();
	for (int i = 0; i < LARGE && strcmp(how, "large") == 0; i++)
		large[i] = memset(malloc(1 << 20), 1, 1 << 20);
	if (argc > 1)
		prepare(argc, argv);
	puts("ready");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (strcmp(how, "asleep") != 0)
			free(malloc(50));
		if (strcmp(line, "fork\n") == 0 && fork() == 0) {
			memset(malloc(321), 0, 321);
			exit(0);
		} else if (strcmp(line, "fork\n") == 0) {
			wait(NULL);
			signals = 0;
		}
		if (strcmp(line, "exec\n") == 0)
			execl("/proc/self/exe", "twins", "events", (char *)NULL);
		if (strcmp(how, "forks") != 0)
			look_for_children();
		puts("done");
	}
	return 0;
}
