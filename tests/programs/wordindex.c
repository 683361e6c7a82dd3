/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wordindex.c - the sample of scripts/quickstart: index the words of text files
 *
 * Reads every file named on the command line, notes each position of each word, sorts, prints the
 * commonest words and forgets the rest. Ten passes over the text give the report something to show:
 * lists of positions that grow by realloc, one strdup for each word, a table that is rebuilt when
 * it is full, and a cache that nobody empties.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PASSES = 10,
	SHOWN = 3,
	WORD_BYTES = 64
};

struct entry {
	char *word;
	long *positions;
	size_t count, capacity;
};

struct index {
	struct entry *table;
	size_t used, capacity; /* capacity is a power of two */
};

struct excerpt {
	struct excerpt *next;
	char text[80];
};

static struct excerpt *cache;

static size_t
hash_word(const char *word)
{
	size_t hash = 5381;

	while (*word != '\0')
		hash = hash * 33 + (unsigned char)*word++;
	return hash;
}

static struct entry *
find_slot(const struct index *index, const char *word)
{
	size_t i = hash_word(word) & (index->capacity - 1);

	while (index->table[i].word != NULL && strcmp(index->table[i].word, word) != 0)
		i = (i + 1) & (index->capacity - 1);
	return &index->table[i];
}

static void
grow_table(struct index *index)
{
	struct index larger = {.capacity = index->capacity * 2};

	larger.table = calloc(larger.capacity, sizeof(*larger.table));
	if (larger.table == NULL)
		exit(1);
	for (size_t i = 0; i < index->capacity; i++) {
		if (index->table[i].word != NULL)
			*find_slot(&larger, index->table[i].word) = index->table[i];
	}
	larger.used = index->used;
	free(index->table);
	*index = larger;
}

static void
remember_excerpt(const char *word, long position)
{
	struct excerpt *excerpt = malloc(sizeof(*excerpt));

	if (excerpt == NULL)
		exit(1);
	snprintf(excerpt->text, sizeof(excerpt->text), "%s at %ld", word, position);
	excerpt->next = cache;
	cache = excerpt;
}

static void
add_position(struct entry *entry, long position)
{
	if (entry->count == entry->capacity) {
		entry->capacity = entry->capacity == 0 ? 4 : entry->capacity * 2;
		entry->positions =
			realloc(entry->positions, entry->capacity * sizeof(*entry->positions));
		if (entry->positions == NULL)
			exit(1);
	}
	entry->positions[entry->count++] = position;
}

static void
add_word(struct index *index, const char *word, long position)
{
	struct entry *entry;

	if (index->used * 2 >= index->capacity)
		grow_table(index);
	entry = find_slot(index, word);
	if (entry->word == NULL) {
		entry->word = strdup(word);
		if (entry->word == NULL)
			exit(1);
		index->used++;
		remember_excerpt(word, position);
	}
	add_position(entry, position);
}

static void
read_file(struct index *index, const char *path)
{
	FILE *file = fopen(path, "r");
	char word[WORD_BYTES];
	size_t length = 0;
	int c;

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	while ((c = getc(file)) != EOF) {
		if (isalpha(c) && length < sizeof(word) - 1) {
			word[length++] = (char)tolower(c);
		} else if (length > 0) {
			word[length] = '\0';
			add_word(index, word, ftell(file));
			length = 0;
		}
	}
	fclose(file);
}

static int
compare_counts(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return left->word != NULL && right->word != NULL ? strcmp(left->word, right->word) : 0;
}

static void
print_commonest(const struct index *index)
{
	struct entry *sorted = malloc(index->capacity * sizeof(*sorted));

	if (sorted == NULL)
		exit(1);
	memcpy(sorted, index->table, index->capacity * sizeof(*sorted));
	qsort(sorted, index->capacity, sizeof(*sorted), compare_counts);
	for (size_t i = 0; i < SHOWN && i < index->used; i++)
		printf("%8zu %s\n", sorted[i].count, sorted[i].word);
	free(sorted);
}

static void
release_index(struct index *index)
{
	for (size_t i = 0; i < index->capacity; i++) {
		free(index->table[i].word);
		free(index->table[i].positions);
	}
	free(index->table);
}

int
main(int argc, char **argv)
{
	struct index index = {.capacity = 64};

	index.table = calloc(index.capacity, sizeof(*index.table));
	if (index.table == NULL)
		return 1;
	for (int pass = 0; pass < PASSES; pass++) {
		for (int i = 1; i < argc; i++)
			read_file(&index, argv[i]);
	}
	print_commonest(&index);
	release_index(&index);
	return 0;
}
