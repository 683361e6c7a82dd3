/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/kernel_words.h"

#include <string.h>

#include "base/os_memory.h"
#include "base/proc_text.h"
#include "reach/proc_list.h"

#define WORDS_MAX  65536
#define FILES_MAX  4096
#define TEXT_BYTES ((size_t)2 << 20)

/* The numbers behind each occurrence of a word, at most one a line. */
static size_t
take_all(const char *text, const char *word, char before, uint64_t *words, size_t count)
{
	while ((text = strstr(text, word)) != NULL && count < WORDS_MAX) {
		const char *number;

		text += strlen(word);
		number = text;
		/* Of a timer the signal comes first: "signal: 14/00007f...". */
		while (before != '\0' && *number != before && *number != '\n' && *number != '\0')
			number++;
		if (*number == before && before != '\0')
			number++;
		while (*number == ' ')
			number++;
		words[count++] = proc_text_take_hexadecimal(&number);
	}
	return count;
}

static size_t
read_timers(uint64_t *words, size_t count, char *text)
{
	proc_text_read("/proc/self/timers", text, TEXT_BYTES);
	return take_all(text, "signal:", '/', words, count);
}

/* Only those of epoll have lines that begin with the number of a file. */
static size_t
read_epoll(uint64_t *words, size_t count, char *text, bool *ret_cut)
{
	static uint32_t files[FILES_MAX];
	int all = proc_list_read("/proc/self/fdinfo", files, FILES_MAX);

	*ret_cut |= all == FILES_MAX;
	for (int i = 0; i < all; i++) {
		proc_list_read_text("/proc/self/fdinfo", files[i], NULL, text, TEXT_BYTES);
		if (strstr(text, "tfd:") == NULL)
			continue;
		count = take_all(text, " data:", '\0', words, count);
		*ret_cut |= strlen(text) == TEXT_BYTES - 1;
	}
	return count;
}

size_t
kernel_words_read(const uint64_t **ret_words, bool *ret_cut)
{
	/* Kept, and no data of the library: few processes need it. */
	static uint64_t *words;
	char *text = os_map(TEXT_BYTES, false);
	size_t count = 0;

	if (words == NULL)
		words = os_map(WORDS_MAX * sizeof *words, false);
	*ret_words = words;
	*ret_cut = text == NULL || words == NULL;
	if (text != NULL && words == NULL)
		os_unmap(text, TEXT_BYTES);
	if (*ret_cut)
		return 0;
	count = read_timers(words, count, text);
	count = read_epoll(words, count, text, ret_cut);
	*ret_cut |= count == WORDS_MAX;
	os_unmap(text, TEXT_BYTES);
	return count;
}
