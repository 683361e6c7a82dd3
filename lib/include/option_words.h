/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * option_words.h - the words of HEAPTALLY and their values
 *
 * One list for the runtime, which obeys them, and for the command, which checks those that it
 * passes on. `lib/base/options.h` says what each means. A switch over enum option_word names them
 * all, or the compiler warns.
 */
#ifndef OPTION_WORDS_H
#define OPTION_WORDS_H

#include <stdint.h>

enum option_kind {
	OPTION_PATH,
	OPTION_NUMBER, /* decimal, 0 .. most */
	OPTION_CHOICE, /* one of two or three values; the first is the default */
};

/* WORD(symbol, name, kind, most, values). `leaks` and `mmap` alone mean on. */
#define OPTION_WORDS(WORD)                                                                \
	WORD(OPTION_DIR, "dir", OPTION_PATH, 0, "", "")                                   \
	WORD(OPTION_OUT, "out", OPTION_PATH, 0, "", "")                                   \
	WORD(OPTION_FRAMES, "frames", OPTION_NUMBER, 65535, "", "")                       \
	WORD(OPTION_CHILDREN, "children", OPTION_CHOICE, 0, "follow", "ignore")           \
	WORD(OPTION_REALLOC, "realloc", OPTION_CHOICE, 0, "last", "origin")               \
	WORD(OPTION_START, "start", OPTION_CHOICE, 0, "on", "off")                        \
	WORD(OPTION_THREADS, "threads", OPTION_CHOICE, 0, "off", "on")                    \
	WORD(OPTION_BLOCKS, "blocks", OPTION_CHOICE, 0, "off", "on")                      \
	WORD(OPTION_PYTHON, "python", OPTION_CHOICE, 0, "on", "frames", "off", "objects") \
	WORD(OPTION_LEAKS, "leaks", OPTION_CHOICE, 0, "off", "on")                        \
	WORD(OPTION_MMAP, "mmap", OPTION_CHOICE, 0, "off", "on")                          \
	WORD(OPTION_CROSSCHECK, "crosscheck", OPTION_NUMBER, UINT32_MAX, "", "")

#define OPTION_SYMBOL(symbol, name, kind, most, ...) symbol,
#define OPTION_RULE(symbol, name, kind, most, ...)   [symbol] = {name, kind, most, {__VA_ARGS__}},

enum option_word {
	OPTION_WORDS(OPTION_SYMBOL) OPTION_UNKNOWN,
};

#define OPTION_VALUES 4

/* Text within, not pointers to it: nothing to relocate in the runtime. */
struct option_rule {
	char name[12];
	enum option_kind kind;
	uint32_t most;
	char values[OPTION_VALUES][8]; /* "" is none */
};

static const struct option_rule option_rules[OPTION_UNKNOWN] = {OPTION_WORDS(OPTION_RULE)};

#endif
