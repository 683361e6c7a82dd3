/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mappings.c - a program that maps memory by itself, in ways that are known
 *
 *     mappings WHAT
 *
 *     plain      64 MiB by `first`, 24 of them written; nothing else
 *     two        8 MiB by `first` and 4 by `second`, neighbours: one mapping of the kernel's
 *     fixed      32 MiB by `first`, of them 8 taken by `second` with MAP_FIXED; all written
 *     halves     16 MiB by `first`, written, of them the second and the last quarter unmapped
 *     moved      8 MiB by `first`, moved and made 16 by `move`, written
 *     grown      8 MiB by `first`, made 12 where they are by `move`, written
 *     shrunk     16 MiB by `first`, made 4 by `move`
 *     left       8 MiB by `first`, moved by `move` with MREMAP_DONTUNMAP, both places written
 *     refused    8 MiB by `first`; calls that the kernel refuses change nothing, nor errno
 *     names      2 MiB each by mmap64, a pointer, dlsym of the default and of the next
 *     handler    4 MiB by `first` in a signal handler, and 16 of one page in handlers of a storm
 *     threads    8 threads map and unmap, and keep 1 MiB each by `first`
 *     vforked    4 MiB by `first` in a child of vfork
 *     forked     8 MiB by `first`, and 4 in a child of fork, whose id is printed
 *     heirs      16 MiB by `first` and 4 by `second`; the child of a child, which did nothing, has
 *                them, when the first has given them back and mapped others there
 *     given      the same, but the child has given back 4 of `first` before it allocated
 *     unheard    the same as heirs, the child made past libc: nobody's
 *     busy       8 MiB by `first`, and a page by `second` that a thread maps and unmaps; a child
 *     many       600 pages by `first` and 600 by `second` in turn, every fifth unmapped
 *     shared     8 MiB of no file by `share`, shared with children, 6 of them written
 *     others     a file, memory with a descriptor, a JIT's code, a thread's stack: nothing of the
 *                domain
 *     heap       8 MiB of blocks of 1000 bytes, one in ten freed, and 4 MiB by `first`
 *     dropped    8 MiB by `first`, unmapped, mapped again past libc: nobody's
 *
 * When it is ready it prints "ready PID BYTES": those that are resident by `first`. It allocates at
 * each line of its input, but at "map" it maps 2 MiB more by `first` and says "mapped". It ends
 * with its input, and with status 3 where the kernel's answer is not what it should be.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB  ((size_t)1 << 20)
#define PAGE ((size_t)4096)
#define RW   (PROT_READ | PROT_WRITE)
#define OWN  (MAP_PRIVATE | MAP_ANONYMOUS)

typedef void *map_function(void *, size_t, int, int, int, off_t);

static pid_t waiting;

static void
expect(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s: errno %d\n", what, errno);
	exit(3);
}

static char *
write_pages(char *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE)
		memory[i] = 1;
	return memory;
}

__attribute__((noipa)) static char *
first(void *where, size_t bytes, int flags)
{
	char *memory = mmap(where, bytes, RW, OWN | flags, -1, 0);

	expect(memory != MAP_FAILED, "mmap");
	return memory;
}

__attribute__((noipa)) static char *
second(void *where, size_t bytes, int flags)
{
	char *memory = mmap(where, bytes, RW, OWN | flags, -1, 0);

	expect(memory != MAP_FAILED, "mmap");
	return memory;
}

__attribute__((noipa)) static char *
move(char *memory, size_t bytes, size_t wanted, int flags)
{
	char *moved = mremap(memory, bytes, wanted, flags, NULL);

	expect(moved != MAP_FAILED, "mremap");
	return moved;
}

/* Address space with nothing in it, past libc: nobody's. */
static char *
reserve(size_t bytes)
{
	return (char *)syscall(SYS_mmap, NULL, bytes, PROT_NONE, OWN | MAP_NORESERVE, -1, 0L);
}

static size_t
make_plain(void)
{
	write_pages(first(NULL, 64 * MIB, 0), 24 * MIB);
	return 24 * MIB;
}

static size_t
make_two(void)
{
	char *place = reserve(12 * MIB);

	write_pages(first(place, 8 * MIB, MAP_FIXED), 8 * MIB);
	write_pages(second(place + 8 * MIB, 4 * MIB, MAP_FIXED), 4 * MIB);
	return 8 * MIB;
}

static size_t
make_fixed(void)
{
	char *memory = write_pages(first(NULL, 32 * MIB, 0), 32 * MIB);

	write_pages(second(memory + 12 * MIB, 8 * MIB, MAP_FIXED), 8 * MIB);
	return 24 * MIB;
}

static size_t
make_halves(void)
{
	char *memory = write_pages(first(NULL, 16 * MIB, 0), 16 * MIB);

	expect(munmap(memory + 4 * MIB, 4 * MIB) == 0, "munmap");
	expect(munmap(memory + 12 * MIB, 4 * MIB) == 0, "munmap");
	return 8 * MIB;
}

static size_t
make_moved(void)
{
	char *memory = write_pages(first(NULL, 8 * MIB, 0), 8 * MIB), *moved;

	/* What is in the way. */
	mmap(memory + 8 * MIB, PAGE, PROT_NONE, OWN | MAP_FIXED_NOREPLACE, -1, 0);
	moved = move(memory, 8 * MIB, 16 * MIB, MREMAP_MAYMOVE);
	expect(moved != memory, "moved");
	write_pages(moved, 16 * MIB);
	return 0;
}

static size_t
make_grown(void)
{
	char *place = reserve(16 * MIB), *memory = first(place, 8 * MIB, MAP_FIXED);

	syscall(SYS_munmap, place + 8 * MIB, 8 * MIB);
	write_pages(move(memory, 8 * MIB, 12 * MIB, 0), 12 * MIB);
	return 0;
}

static size_t
make_shrunk(void)
{
	move(write_pages(first(NULL, 16 * MIB, 0), 16 * MIB), 16 * MIB, 4 * MIB, 0);
	return 0;
}

static size_t
make_left(void)
{
	char *memory = write_pages(first(NULL, 8 * MIB, 0), 8 * MIB);

	move(memory, 8 * MIB, 8 * MIB, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
	write_pages(memory, 8 * MIB);
	return 8 * MIB;
}

static size_t
make_refused(void)
{
	char *memory = write_pages(first(NULL, 8 * MIB, 0), 8 * MIB);

	errno = 0;
	expect(munmap(memory + 1, MIB) == -1 && errno == EINVAL, "munmap, not a page");
	errno = 0;
	expect(munmap(memory, 0) == -1 && errno == EINVAL, "munmap of nothing");
	errno = 0;
	expect(mmap(NULL, 0, RW, OWN, -1, 0) == MAP_FAILED && errno == EINVAL, "mmap of nothing");
	errno = 0;
	expect(mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF, "no file");
	errno = 0;
	expect(mmap(NULL, PAGE, RW, OWN, -1, 1) == MAP_FAILED && errno == EINVAL, "offset");
	errno = 0;
	expect(mremap(memory, MIB, 64 * MIB, 0) == MAP_FAILED && errno == ENOMEM, "no room");
	errno = 0;
	expect(mremap(memory + 1, MIB, MIB, 0) == MAP_FAILED && errno == EINVAL, "mremap");
	errno = 77;
	write_pages(second(NULL, MIB, 0), MIB);
	expect(errno == 77, "a call that is good");
	return 8 * MIB;
}

static map_function *volatile pointer = mmap;

__attribute__((noipa)) static char *
by(map_function *function)
{
	char *memory = function(NULL, 2 * MIB, RW, OWN, -1, 0);

	expect(memory != MAP_FAILED, "by pointer");
	return write_pages(memory, 2 * MIB);
}

static size_t
make_names(void)
{
	char *memory = mmap64(NULL, 2 * MIB, RW, OWN, -1, 0);

	write_pages(memory, 2 * MIB);
	by(pointer);
	by((map_function *)dlsym(RTLD_DEFAULT, "mmap"));
	by((map_function *)dlsym(RTLD_NEXT, "mmap64"));
	return 8 * MIB;
}

static volatile int storms;

static void
handle(int number)
{
	if (number == SIGUSR1) {
		write_pages(first(NULL, 4 * MIB, 0), 4 * MIB);
	} else if (storms < 16) {
		storms = storms + 1;
		write_pages(first(NULL, PAGE, 0), PAGE);
	}
}

/* Signals that come within malloc, and within calls that map. */
static size_t
make_handler(void)
{
	struct itimerval often = {{0, 200}, {0, 200}}, never = {0};

	signal(SIGUSR1, handle);
	signal(SIGALRM, handle);
	raise(SIGUSR1);
	setitimer(ITIMER_REAL, &often, NULL);
	while (storms < 16) {
		free(malloc(100));
		munmap(second(NULL, PAGE, 0), PAGE);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	return 4 * MIB + 16 * PAGE;
}

static void *
map_often(void *argument)
{
	for (int i = 0; i < 500; i++)
		munmap(second(NULL, (size_t)(i % 7 + 1) * PAGE, 0), (size_t)(i % 7 + 1) * PAGE);
	write_pages(first(NULL, MIB, 0), MIB);
	return argument;
}

static size_t
make_threads(void)
{
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, map_often, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	return 8 * MIB;
}

static size_t
make_vforked(void)
{
	pid_t child = vfork();

	if (child == 0) {
		write_pages(first(NULL, 4 * MIB, 0), 4 * MIB);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	return 4 * MIB;
}

static size_t
make_forked(void)
{
	int ends[2];
	char byte;

	write_pages(first(NULL, 8 * MIB, 0), 8 * MIB);
	expect(pipe(ends) == 0, "pipe");
	waiting = fork();
	if (waiting == 0) {
		write_pages(first(NULL, 4 * MIB, 0), 4 * MIB);
		expect(write(ends[1], "x", 1) == 1, "write");
		for (;;)
			pause();
	}
	expect(read(ends[0], &byte, 1) == 1, "read");
	return 4 * MIB;
}

/* The child is made by `make`, and does `before` before its own child allocates, which stays. */
static void
leave_to_heir(pid_t (*make)(void), void (*before)(void))
{
	int ends[2];
	pid_t child;

	expect(pipe(ends) == 0, "pipe");
	child = make();
	if (child == 0) {
		before();
		child = make();
		if (child != 0)
			_exit(0);
		free(malloc(1));
		child = getpid();
		expect(write(ends[1], &child, sizeof child) == sizeof child, "write");
		for (;;)
			pause();
	}
	waitpid(child, NULL, 0);
	expect(read(ends[0], &waiting, sizeof waiting) == sizeof waiting, "read");
}

static char *left;

static void
do_nothing(void)
{
}

static void
give_back(void)
{
	expect(munmap(left + 4 * MIB, 4 * MIB) == 0, "munmap");
}

static pid_t
fork_past_libc(void)
{
	return (pid_t)syscall(SYS_fork);
}

static void
map_others(void)
{
	second(left, 16 * MIB, MAP_FIXED);
	write_pages(move(left, 16 * MIB, 32 * MIB, MREMAP_MAYMOVE), 32 * MIB);
}

static void
leave(pid_t (*make)(void), void (*before)(void))
{
	left = write_pages(first(NULL, 16 * MIB, 0), 16 * MIB);
	write_pages(second(NULL, 4 * MIB, 0), 4 * MIB);
	leave_to_heir(make, before);
	map_others();
}

static size_t
make_heirs(void)
{
	leave(fork, do_nothing);
	return 16 * MIB;
}

static size_t
make_given(void)
{
	leave(fork, give_back);
	return 12 * MIB;
}

static size_t
make_unheard(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	leave(fork_past_libc, do_nothing);
	return 0;
}

static void *
map_for_ever(void *argument)
{
	for (;;)
		munmap(write_pages(second(NULL, PAGE, 0), PAGE), PAGE);
	return argument;
}

static size_t
make_busy(void)
{
	pthread_t thread;

	write_pages(first(NULL, 8 * MIB, 0), 8 * MIB);
	pthread_create(&thread, NULL, map_for_ever, NULL);
	for (int i = 0; i < 20; i++) {
		if (waiting != 0)
			kill(waiting, SIGKILL);
		leave_to_heir(fork, do_nothing);
	}
	return 8 * MIB;
}

static size_t
make_many(void)
{
	static char *pages[1200];
	size_t kept = 0;

	for (int i = 0; i < 1200; i++)
		pages[i] = write_pages(i % 2 == 0 ? first(NULL, PAGE, 0) : second(NULL, PAGE, 0),
				       PAGE);
	for (int i = 0; i < 1200; i++) {
		if (i % 5 == 0)
			munmap(pages[i], PAGE);
		else
			kept += i % 2 == 0;
	}
	return kept * PAGE;
}

__attribute__((noipa)) static char *
share(size_t bytes)
{
	char *memory = mmap(NULL, bytes, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	expect(memory != MAP_FAILED, "mmap");
	return memory;
}

static size_t
make_shared(void)
{
	write_pages(share(8 * MIB), 6 * MIB);
	return 6 * MIB;
}

static void *
use_stack(void *barrier)
{
	char memory[MIB];

	write_pages(memory, MIB);
	__asm__ volatile("" : : "r"(memory) : "memory");
	pthread_barrier_wait(barrier);
	pause();
	return NULL;
}

static size_t
make_others(void)
{
	static pthread_barrier_t barrier;
	FILE *file = tmpfile();
	int shared = memfd_create("mappings", 0);
	volatile char sum = 0;
	pthread_t thread;
	char *memory;

	expect(ftruncate(fileno(file), (off_t)(4 * MIB)) == 0, "file");
	expect(ftruncate(shared, (off_t)(4 * MIB)) == 0, "memfd");
	memory = mmap(NULL, 4 * MIB, PROT_READ, MAP_SHARED, fileno(file), 0);
	for (size_t i = 0; i < 4 * MIB; i += PAGE)
		sum += memory[i];
	write_pages(mmap(NULL, 4 * MIB, RW, MAP_SHARED, shared, 0), 4 * MIB);
	write_pages(mmap(NULL, 4 * MIB, RW | PROT_EXEC, OWN, -1, 0), 4 * MIB);
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, use_stack, &barrier);
	pthread_barrier_wait(&barrier);
	return 0;
}

static size_t
make_heap(void)
{
	static void *blocks[8 * 1024];

	for (int i = 0; i < 8 * 1024; i++)
		blocks[i] = memset(malloc(1000), 1, 1000);
	for (int i = 0; i < 8 * 1024; i += 10)
		free(blocks[i]);
	write_pages(first(NULL, 4 * MIB, 0), 4 * MIB);
	return 4 * MIB;
}

static size_t
make_dropped(void)
{
	char *memory = first(NULL, 8 * MIB, 0);

	munmap(memory, 8 * MIB);
	write_pages((char *)syscall(SYS_mmap, memory, 8 * MIB, RW, OWN | MAP_FIXED, -1, 0L),
		    8 * MIB);
	return 0;
}

static const struct {
	const char *name;
	size_t (*make)(void);
} table[] = {
	{"plain", make_plain},     {"two", make_two},         {"fixed", make_fixed},
	{"halves", make_halves},   {"moved", make_moved},     {"grown", make_grown},
	{"shrunk", make_shrunk},   {"left", make_left},       {"refused", make_refused},
	{"names", make_names},     {"handler", make_handler}, {"threads", make_threads},
	{"vforked", make_vforked}, {"forked", make_forked},   {"many", make_many},
	{"heirs", make_heirs},     {"given", make_given},     {"unheard", make_unheard},
	{"busy", make_busy},       {"others", make_others},   {"heap", make_heap},
	{"dropped", make_dropped}, {"shared", make_shared},
};

int
main(int argc, char **argv)
{
	char line[64];

	for (size_t i = 0; argc > 1 && i < sizeof table / sizeof *table; i++) {
		if (strcmp(argv[1], table[i].name) != 0)
			continue;
		size_t bytes = table[i].make();

		printf("ready %d %zu\n", waiting != 0 ? waiting : getpid(), bytes);
		fflush(stdout);
		while (fgets(line, sizeof line, stdin) != NULL && line[0] != '\n') {
			if (strcmp(line, "map\n") == 0) {
				write_pages(first(NULL, 2 * MIB, 0), 2 * MIB);
				puts("mapped");
				fflush(stdout);
			} else {
				free(malloc(1));
			}
		}
		if (waiting > 0)
			kill(waiting, SIGKILL);
		return 0;
	}
	return 2;
}
