/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * commanded.c - allocate as standard input says, line by line
 *
 *     left COUNT BYTES    allocate COUNT blocks in `take_left`
 *     right COUNT BYTES   the same in `take_right`
 *     free COUNT          free the COUNT oldest blocks
 *     work                allocate and free until the next line comes
 *     stacks COUNT        one block in each of COUNT call stacks
 *
 * Each line is answered by "ok" once it is done, `work` when it begins. Nothing else here
 * allocates: no stdio.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BLOCKS_MAX = 1 << 20,
	LINE_BYTES = 256
};

static void *blocks[BLOCKS_MAX];
static long oldest, newest;
static char input[LINE_BYTES];
static size_t input_bytes;

__attribute__((noipa)) static void
take_left(size_t bytes)
{
	blocks[newest++ % BLOCKS_MAX] = malloc(bytes);
}

__attribute__((noipa)) static void
take_right(size_t bytes)
{
	blocks[newest++ % BLOCKS_MAX] = malloc(bytes);
}

static void
work(void)
{
	struct pollfd next = {.fd = STDIN_FILENO, .events = POLLIN};

	while (input_bytes == 0 && poll(&next, 1, 0) == 0) {
		for (int i = 0; i < 1000; i++) {
			void *volatile block = malloc(40);

			free(block);
		}
	}
}

/* Every number leads through other return addresses. */
#define STEP(name, next)                                             \
	__attribute__((noipa)) static void name(unsigned long path)  \
	{                                                            \
		switch (path & 3) {                                  \
		case 0:                                              \
			next(path >> 2);                             \
			break;                                       \
		case 1:                                              \
			next(path >> 2);                             \
			__asm__ volatile("" ::: "memory");           \
			break;                                       \
		case 2:                                              \
			next(path >> 2);                             \
			__asm__ volatile("nop" ::: "memory");        \
			break;                                       \
		default:                                             \
			next(path >> 2);                             \
			__asm__ volatile("nop\n\tnop" ::: "memory"); \
			break;                                       \
		}                                                    \
		__asm__ volatile("" ::: "memory");                   \
	}

__attribute__((noipa)) static void
last_step(unsigned long path)
{
	take_left(16 + (path & 7));
}

STEP(step_8, last_step)
STEP(step_7, step_8)
STEP(step_6, step_7)
STEP(step_5, step_6)
STEP(step_4, step_5)
STEP(step_3, step_4)
STEP(step_2, step_3)
STEP(step_1, step_2)

/* The next line without its newline; 0 at the end of the input. */
static int
read_line(char *line)
{
	for (;;) {
		char *end = memchr(input, '\n', input_bytes);
		ssize_t got;

		if (end != NULL) {
			size_t length = (size_t)(end - input);

			memcpy(line, input, length);
			line[length] = '\0';
			input_bytes -= length + 1;
			memmove(input, end + 1, input_bytes);
			return 1;
		}
		got = read(STDIN_FILENO, input + input_bytes, sizeof(input) - input_bytes);
		if (got <= 0)
			return 0;
		input_bytes += (size_t)got;
	}
}

static void
answer(void)
{
	if (write(STDOUT_FILENO, "ok\n", 3) != 3)
		_exit(9);
}

static void
obey(const char *line)
{
	const char *blank = strchr(line, ' ');
	char *end = NULL;
	long count = blank != NULL ? strtol(blank, &end, 10) : 0;
	size_t bytes = end != NULL ? strtoul(end, NULL, 10) : 0;

	for (long i = 0; i < count; i++) {
		if (line[0] == 'l')
			take_left(bytes);
		else if (line[0] == 'r')
			take_right(bytes);
		else if (line[0] == 's')
			step_1((unsigned long)i);
		else if (line[0] == 'f' && oldest < newest)
			free(blocks[oldest++ % BLOCKS_MAX]);
	}
	answer();
	if (line[0] == 'w')
		work();
}

int
main(void)
{
	char line[LINE_BYTES];

	while (read_line(line))
		obey(line);
	return 0;
}
