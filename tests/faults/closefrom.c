/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * closefrom.c - scenario 7: all descriptors closed and their numbers used again (F05)
 *
 *     closefrom MIB
 *
 * After closefrom(3) a file, a pipe and socket pairs take the numbers from 3 on, so that whoever
 * kept one of them now works on ours. MIB mebibytes go through all of them while blocks are
 * allocated from ever new stacks. Checksums and file offsets are printed.
 */
#include "config.h"
#include "target.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SOCKET_PAIRS = 16,
	PIECE = 4096
};

static struct tally tally;
static uint64_t random_state = 88172645463325252u;
static uint64_t sent, received, written, read_back;

static void
fill(unsigned char *piece)
{
	for (int i = 0; i < PIECE; i++)
		piece[i] = (unsigned char)next_random(&random_state);
}

static uint64_t
checksum(uint64_t sum, const unsigned char *piece, ssize_t length)
{
	for (ssize_t i = 0; i < length; i++)
		sum = (sum ^ piece[i]) * 1099511628211u;
	return sum;
}

/* Through a pipe or socket pair: what comes out must be what went in, no byte more or less. */
static int
pass(int in, int out)
{
	unsigned char piece[PIECE], back[PIECE];
	ssize_t got;

	fill(piece);
	if (write(in, piece, PIECE) != PIECE)
		return 1;
	sent = checksum(sent, piece, PIECE);
	got = read(out, back, PIECE);
	received = checksum(received, back, got);
	return got != PIECE;
}

static void
allocate(unsigned path)
{
	void *block = tally_malloc_at(&tally, 100, path, 10);

	tally_free(&tally, block, 100);
}

static int
move(int file, const int *ends, long pieces)
{
	unsigned char piece[PIECE];
	int wrong = 0;

	for (long i = 0; i < pieces; i++) {
		int pair = (int)(i % (SOCKET_PAIRS + 1));

		wrong += pass(ends[2 * pair + 1], ends[2 * pair]);
		fill(piece);
		wrong += write(file, piece, PIECE) != PIECE;
		written = checksum(written, piece, PIECE);
		allocate((unsigned)i);
		/* Time for a thread that looks at its descriptor now and then. */
		if (i % 256 == 0)
			usleep(15000);
	}
	say("offset %ld\n", (long)lseek(file, 0, SEEK_CUR));
	lseek(file, 0, SEEK_SET);
	for (long i = 0; i < pieces; i++) {
		ssize_t got = read(file, piece, PIECE);

		wrong += got != PIECE;
		read_back = checksum(read_back, piece, got);
		allocate((unsigned)(i * 7));
	}
	return wrong;
}

int
main(int argc, char **argv)
{
	long pieces = target_argument(argc, argv, 1, 4) * 1024 * 1024 / PIECE / 2;
	int ends[2 * (SOCKET_PAIRS + 1)];
	char name[64];
	int file, wrong = 0;

	for (unsigned i = 0; i < 50; i++)
		allocate(i);
	closefrom(3);
	snprintf(name, sizeof(name), "closefrom.%ld", (long)getpid());
	file = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	unlink(name);
	wrong += pipe(ends) != 0;
	for (int i = 1; i <= SOCKET_PAIRS; i++)
		wrong += socketpair(AF_UNIX, SOCK_STREAM, 0, ends + 2 * i) != 0;
	say("file is descriptor %d, last socket %d\n", file, ends[2 * SOCKET_PAIRS + 1]);
	wrong += move(file, ends, pieces);
	wrong += sent != received || written != read_back;
	say("sent %lx received %lx\n", (unsigned long)sent, (unsigned long)received);
	say("written %lx read %lx wrong %d\n", (unsigned long)written, (unsigned long)read_back,
	    wrong);
	target_report(&tally);
	return wrong != 0;
}
