/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resident.c - a program whose resident memory is known, part by part
 *
 *     resident WHAT
 *
 *     holes      of 1,020,000 blocks of 72 bytes one in 102 lives, one a page at most (10,000)
 *     shared     the same, but one in four of those that live is of another site
 *     untouched  64 MiB of calloc, of which 16 MiB are written
 *     file       a file of 8 MiB mapped to be read, and read
 *     stacks     eight threads, of which each uses 1 MiB of its stack
 *     survivor   256 MiB in blocks of 1000 bytes freed behind one that lives
 *     arenas     eight threads, each of which frees all but the last of 32 MiB in blocks of 1000
 *     tops       likewise but the first of 24 MiB, after the threshold for trimming had risen
 *     sizes      random sizes up to 30,000 bytes, 70 % freed
 *     alternate  200 and 6,000 bytes in turn, the large ones freed
 *     fastbins   1,000,000 blocks of 56 bytes, one in 1000 lives
 *     large      99 of 100 blocks of 1 MiB freed, made after the threshold of mmap had risen
 *     zero       16 MiB that were read and never written
 *     own        24 MiB that the program maps itself, between blocks with their own mappings
 *     advise     malloc'ed 32 MiB, of which MADV_DONTNEED gives back 8 MiB and MADV_FREE 4
 *     guard      a block of 8 MiB with 1 MiB of it not to be accessed
 *     huge       a block of 16 MiB for huge pages, a byte in each 2 MiB written
 *     memfd      12 MiB of shared memory without a file
 *     many       7,000 mappings of one page each
 *     child      48 MiB of blocks, then a fork: it is the waiting child whose id is printed
 *     small      COUNT blocks of 40 bytes: resident small COUNT
 *
 * When it is ready it prints "ready PID BYTES", BYTES being what the name promises. Then it reads
 * lines: "trim" calls malloc_trim(0) and prints how far Rss fell, an empty line or the end ends it.
 */
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB  ((size_t)1 << 20)
#define PAGE ((size_t)4096)

#define KEPT 10000
#define STEP 102

static pid_t waiting; /* whose memory it is about */
static void **kept;

static void
write_pages(char *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += PAGE)
		memory[i] = 1;
}

/* What is not malloc's, for tables that are not to count. */
static void *
map(size_t bytes, int flags)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		exit(3);
	return memory;
}

__attribute__((noipa)) static void *
keep(size_t bytes)
{
	return memset(malloc(bytes), 1, bytes);
}

__attribute__((noipa)) static void *
keep_other(size_t bytes)
{
	return memset(malloc(bytes), 1, bytes);
}

__attribute__((noipa)) static void *
drop(size_t bytes)
{
	return memset(malloc(bytes), 1, bytes);
}

/* One of STEP blocks stays; every fourth of those is another site's if `shared`. */
static size_t
make_holes(int shared)
{
	void **freed = map(KEPT * STEP * sizeof *freed, 0);
	size_t count = 0;

	for (int i = 0; i < KEPT; i++) {
		kept[i] = shared && i % 4 == 3 ? keep_other(72) : keep(72);
		for (int k = 1; k < STEP; k++)
			freed[count++] = drop(72);
	}
	for (size_t i = 0; i < count; i++)
		free(freed[i]);
	munmap(freed, KEPT * STEP * sizeof *freed);
	return KEPT * 72;
}

static size_t
make_untouched(void)
{
	char *block = calloc(64, MIB);

	write_pages(block, 16 * MIB);
	kept[0] = block;
	return 48 * MIB;
}

static size_t
make_file(void)
{
	volatile char sum = 0;
	FILE *file = tmpfile();
	char *memory;

	for (size_t i = 0; i < 8 * MIB / PAGE; i++) {
		char page[PAGE];

		memset(page, (int)i, sizeof page);
		fwrite(page, 1, sizeof page, file);
	}
	fflush(file);
	memory = mmap(NULL, 8 * MIB, PROT_READ, MAP_SHARED, fileno(file), 0);
	for (size_t i = 0; i < 8 * MIB; i += PAGE)
		sum += memory[i];
	return 8 * MIB;
}

static pthread_barrier_t barrier;

static void *
use_stack(void *argument)
{
	char memory[MIB];

	write_pages(memory, MIB);
	__asm__ volatile("" : : "r"(memory) : "memory");
	pthread_barrier_wait(&barrier);
	pause();
	return argument;
}

static void
start_threads(void *(*body)(void *))
{
	pthread_barrier_init(&barrier, NULL, 9);
	for (uintptr_t i = 0; i < 8; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, body, (void *)i);
	}
	pthread_barrier_wait(&barrier);
}

/* Blocks of so many bytes, freed but the last. */
static void *
fill_and_free(size_t bytes, size_t count)
{
	void **blocks = map(count * sizeof *blocks, 0);
	void *last;

	for (size_t i = 0; i < count; i++)
		blocks[i] = drop(bytes);
	last = keep(bytes);
	for (size_t i = 0; i < count; i++)
		free(blocks[i]);
	munmap(blocks, count * sizeof *blocks);
	return last;
}

static void *
fill_arena(void *argument)
{
	kept[(uintptr_t)argument] = fill_and_free(1000, 32 * MIB / 1024);
	pthread_barrier_wait(&barrier);
	pause();
	return argument;
}

/* A mapped block that is freed raises the threshold to its size, and that of trimming to twice. */
static void
raise_threshold(size_t bytes)
{
	free(drop(bytes));
}

static void *
fill_top(void *argument)
{
	void **blocks = map(24 * 1024 * sizeof *blocks, 0);

	kept[(uintptr_t)argument] = keep(1000);
	for (int i = 0; i < 24 * 1024; i++)
		blocks[i] = drop(1000);
	for (int i = 0; i < 24 * 1024; i++)
		free(blocks[i]);
	munmap(blocks, 24 * 1024 * sizeof *blocks);
	pthread_barrier_wait(&barrier);
	pause();
	return argument;
}

static size_t
make_sizes(void)
{
	size_t count = 0, bytes = 0;
	unsigned seed = 1;
	void **freed = map(20000 * sizeof *freed, 0);

	for (int i = 0; i < 8000; i++) {
		size_t size;

		seed = seed * 1103515245 + 12345;
		size = seed / 65536 % 30000;
		seed = seed * 1103515245 + 12345;
		if (seed / 65536 % 10 < 7) {
			freed[count++] = drop(size);
		} else {
			kept[i] = keep(size);
			bytes += size;
		}
	}
	while (count > 0)
		free(freed[--count]);
	return bytes;
}

static size_t
make_alternate(void)
{
	void **freed = map(13000 * sizeof *freed, 0);

	for (int i = 0; i < 13000; i++) {
		kept[i] = keep(200);
		freed[i] = drop(6000);
	}
	for (int i = 0; i < 13000; i++)
		free(freed[i]);
	return 13000 * 200;
}

static size_t
make_fastbins(void)
{
	void **freed = map(1000000 * sizeof *freed, 0);
	size_t count = 0;

	for (int i = 0; i < 1000000; i++) {
		if (i % 1000 == 0)
			kept[i / 1000] = keep(56);
		else
			freed[count++] = drop(56);
	}
	for (size_t i = 0; i < count; i++)
		free(freed[i]);
	return 1000 * 56;
}

static size_t
make_large(void)
{
	void *blocks[100];

	raise_threshold(4 * MIB);
	for (int i = 0; i < 100; i++)
		blocks[i] = i < 99 ? drop(MIB) : keep(MIB);
	for (int i = 0; i < 99; i++)
		free(blocks[i]);
	kept[0] = blocks[99];
	return MIB;
}

static size_t
make_zero(void)
{
	volatile char sum = 0, *memory = map(16 * MIB, 0);

	madvise((void *)memory, 16 * MIB, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < 16 * MIB; i += PAGE)
		sum += memory[i];
	return 16 * MIB;
}

static size_t
make_own(void)
{
	for (int i = 0; i < 8; i++) {
		kept[i] = keep(MIB);
		write_pages(map(3 * MIB, 0), 3 * MIB);
	}
	return 24 * MIB;
}

static size_t
make_advise(void)
{
	char *block = keep(32 * MIB), *page;

	page = (char *)(((uintptr_t)block + PAGE - 1) & ~(PAGE - 1));
	madvise(page + MIB, 8 * MIB, MADV_DONTNEED);
	madvise(page + 16 * MIB, 4 * MIB, MADV_FREE);
	kept[0] = block;
	return 8 * MIB;
}

static size_t
make_guard(void)
{
	char *block = keep(8 * MIB), *page;

	page = (char *)(((uintptr_t)block + PAGE - 1) & ~(PAGE - 1));
	mprotect(page + MIB, MIB, PROT_NONE);
	kept[0] = block;
	return 8 * MIB;
}

static size_t
make_huge(void)
{
	char *block;

	if (posix_memalign((void **)&block, 2 * MIB, 16 * MIB) != 0)
		exit(3);
	madvise(block, 16 * MIB, MADV_HUGEPAGE);
	for (size_t i = 0; i < 16 * MIB; i += 2 * MIB)
		block[i] = 1;
	kept[0] = block;
	return 16 * MIB;
}

static size_t
make_memfd(void)
{
	int fd = memfd_create("resident", 0);

	if (fd < 0 || ftruncate(fd, 12 * MIB) != 0)
		exit(3);
	write_pages(mmap(NULL, 12 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 12 * MIB);
	return 12 * MIB;
}

static size_t
make_many(void)
{
	char *memory = map(14001 * PAGE, 0);

	for (int i = 0; i < 14000; i += 2) {
		memory[(size_t)i * PAGE] = 1;
		mprotect(memory + (size_t)(i + 1) * PAGE, PAGE, PROT_NONE);
	}
	return 7000 * PAGE;
}

static size_t
make_child(void)
{
	for (int i = 0; i < 48; i++)
		for (int k = 0; k < 1024; k++)
			kept[i] = keep(1000);
	waiting = fork();
	if (waiting == 0) {
		kept[0] = keep(3000);
		for (;;)
			pause();
	}
	return 48 * 1024 * 1000;
}

static size_t
make_small(const char *count)
{
	long number = count != NULL ? atol(count) : 1000;

	for (long i = 0; i < number; i++)
		kept[0] = keep(40);
	return (size_t)number * 40;
}

static size_t
make(const char *what, const char *count)
{
	if (strcmp(what, "holes") == 0 || strcmp(what, "shared") == 0)
		return make_holes(what[0] == 's');
	if (strcmp(what, "untouched") == 0)
		return make_untouched();
	if (strcmp(what, "file") == 0)
		return make_file();
	if (strcmp(what, "stacks") == 0)
		return start_threads(use_stack), 8 * MIB;
	if (strcmp(what, "survivor") == 0)
		return kept[0] = fill_and_free(1000, 256 * 1024), 256 * MIB;
	if (strcmp(what, "arenas") == 0)
		return start_threads(fill_arena), 8 * 32 * MIB;
	if (strcmp(what, "tops") == 0)
		return raise_threshold(30 * MIB), start_threads(fill_top), 8 * 24 * MIB;
	if (strcmp(what, "sizes") == 0)
		return make_sizes();
	if (strcmp(what, "alternate") == 0)
		return make_alternate();
	if (strcmp(what, "fastbins") == 0)
		return make_fastbins();
	if (strcmp(what, "large") == 0)
		return make_large();
	if (strcmp(what, "zero") == 0)
		return make_zero();
	if (strcmp(what, "own") == 0)
		return make_own();
	if (strcmp(what, "advise") == 0)
		return make_advise();
	if (strcmp(what, "guard") == 0)
		return make_guard();
	if (strcmp(what, "huge") == 0)
		return make_huge();
	if (strcmp(what, "memfd") == 0)
		return make_memfd();
	if (strcmp(what, "many") == 0)
		return make_many();
	if (strcmp(what, "child") == 0)
		return make_child();
	if (strcmp(what, "small") == 0)
		return make_small(count);
	exit(2);
}

/* Exactly: statm is counted in batches. */
static long
get_rss(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kib = 0;

	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (sscanf(line, "Rss: %ld", &kib) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return kib * 1024;
}

int
main(int argc, char **argv)
{
	static char output[BUFSIZ], input[BUFSIZ];
	char line[64];
	size_t bytes;

	setvbuf(stdout, output, _IOFBF, sizeof output);
	setvbuf(stdin, input, _IOFBF, sizeof input);
	if (argc < 2)
		return 2;
	kept = map(20000 * sizeof *kept, 0);
	waiting = getpid();
	bytes = make(argv[1], argc > 2 ? argv[2] : NULL);
	get_rss();
	printf("ready %d %zu\n", waiting, bytes);
	fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL && strcmp(line, "trim\n") == 0) {
		long before = get_rss();

		malloc_trim(0);
		printf("%ld\n", before - get_rss());
		fflush(stdout);
	}
	if (waiting != getpid())
		kill(waiting, 9);
	return 0;
}
