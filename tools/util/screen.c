/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "util/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "util/clock.h"

/* Alternate screen, no cursor, no wrapping of long lines; and back. */
#define SEQUENCE_ENTER "\033[?1049h\033[?25l\033[?7l"
#define SEQUENCE_LEAVE "\033[?7h\033[?25h\033[?1049l"
#define KEY_INTERRUPT  3 /* Ctrl-C where the terminal does not make a signal of it */

static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};

#define WATCHED_COUNT (sizeof(watched) / sizeof(watched[0]))

/* There is one terminal. */
static struct {
	bool is_taken, has_keys, is_registered;
	struct termios modes; /* as they were, with `has_keys` */
	struct sigaction actions[WATCHED_COUNT];
	sigset_t mask; /* as it was; within, those we watch come only while we wait */
	volatile sig_atomic_t seen[WATCHED_COUNT];
} screen;

static void
note_signal(int number)
{
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		if (watched[i] == number)
			screen.seen[i] = 1;
}

static void
watch_signals(void)
{
	struct sigaction action = {.sa_handler = note_signal};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < WATCHED_COUNT; i++) {
		sigaddset(&set, watched[i]);
		screen.seen[i] = 0;
	}
	sigprocmask(SIG_BLOCK, &set, &screen.mask);
	for (size_t i = 0; i < WATCHED_COUNT; i++) {
		sigaction(watched[i], &action, &screen.actions[i]);
		/* What was ignored, as by nohup, stays so. */
		if (screen.actions[i].sa_handler == SIG_IGN)
			sigaction(watched[i], &screen.actions[i], NULL);
	}
}

static void
forget_signals(void)
{
	for (size_t i = 0; i < WATCHED_COUNT; i++)
		sigaction(watched[i], &screen.actions[i], NULL);
	sigprocmask(SIG_SETMASK, &screen.mask, NULL);
}

static void
take_keys(void)
{
	struct termios modes;

	screen.has_keys = tcgetattr(STDIN_FILENO, &screen.modes) == 0;
	if (!screen.has_keys)
		return;
	modes = screen.modes;
	modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	modes.c_cc[VMIN] = 0;
	modes.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

bool
screen_enter(void)
{
	const char *type = getenv("TERM");

	if (screen.is_taken)
		return true;
	if (!isatty(STDOUT_FILENO) || type == NULL || *type == '\0' || strcmp(type, "dumb") == 0)
		return false;
	if (!screen.is_registered && atexit(screen_leave) != 0)
		return false;
	screen.is_registered = true;
	watch_signals();
	take_keys();
	screen.is_taken = true;
	fputs(SEQUENCE_ENTER, stdout);
	fflush(stdout);
	return true;
}

void
screen_leave(void)
{
	if (!screen.is_taken)
		return;
	screen.is_taken = false;
	fputs(SEQUENCE_LEAVE, stdout);
	fflush(stdout);
	if (screen.has_keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &screen.modes);
	forget_signals();
}

unsigned
screen_get_height(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

void
screen_draw(const char *text)
{
	unsigned height = screen_get_height();

	fputs("\033[H", stdout);
	for (unsigned line = 1; *text != '\0'; line++) {
		size_t length = strcspn(text, "\n");

		fwrite(text, 1, length, stdout);
		fputs("\033[K", stdout);
		text += length;
		/* A newline on the last line would move everything up. */
		if (*text == '\0' || line == height)
			break;
		text++;
		fputs("\n", stdout);
	}
	fputs("\033[J", stdout);
	fflush(stdout);
}

/* Let a signal have the effect that it has without us; we come back when it only stops us. */
static void
give_way(int number)
{
	screen_leave();
	raise(number);
	screen_enter();
}

/* What the signals mean that came. */
static enum screen_event
take_signals(void)
{
	enum screen_event event = SCREEN_TIMEOUT;

	for (size_t i = 0; i < WATCHED_COUNT; i++) {
		if (!screen.seen[i])
			continue;
		screen.seen[i] = 0;
		if (watched[i] == SIGINT)
			return SCREEN_QUIT;
		if (watched[i] != SIGWINCH)
			give_way(watched[i]);
		event = SCREEN_CHANGED;
	}
	return event;
}

static bool
take_key(void)
{
	char keys[16];
	ssize_t count = read(STDIN_FILENO, keys, sizeof(keys));

	/* A terminal that went away. */
	if (count < 0 && errno != EAGAIN && errno != EINTR)
		screen.has_keys = false;
	for (ssize_t i = 0; i < count; i++)
		if (keys[i] == 'q' || keys[i] == 'Q' || keys[i] == KEY_INTERRUPT)
			return true;
	return false;
}

enum screen_event
screen_wait(uint64_t timeout_ns)
{
	uint64_t end = clock_get_ns(CLOCK_MONOTONIC) + timeout_ns, now;

	do {
		struct pollfd input = {.fd = screen.has_keys ? STDIN_FILENO : -1, .events = POLLIN};
		enum screen_event event;
		struct timespec left;
		int ready;

		now = clock_get_ns(CLOCK_MONOTONIC);
		left = clock_to(now < end ? end - now : 0);
		ready = ppoll(&input, 1, &left, &screen.mask);
		event = take_signals();
		if (event != SCREEN_TIMEOUT)
			return event;
		if (ready > 0 && (input.revents & POLLIN) != 0 && take_key())
			return SCREEN_QUIT;
		if (ready > 0 && (input.revents & POLLIN) == 0)
			screen.has_keys = false;
	} while (now < end);
	return SCREEN_TIMEOUT;
}
