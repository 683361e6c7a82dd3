/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core.c - ELF headers and notes, see core(5) and elf(5)
 *
 *     PT_LOAD    a mapping; what is not in the file has a p_filesz that is too small
 *     NT_FILE    which of them are those of files, and their names
 *     NT_PRSTATUS, NT_FPREGSET    of each thread; the one that ended the process comes first
 *     NT_AUXV                     where the stack and the program begin
 */
#include "config.h"
#include "image/core.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>

#include "image/image.h"
#include "util/intern.h"
#include "util/output.h"
#include "util/span.h"
#include "util/text.h"
#include "util/xalloc.h"

/* arch/x86/kernel/process.c of Linux: at most so far behind the variables. */
#define HEAP_GAP_MAX ((uint64_t)1 << 30)

enum {
	SEGMENTS_MAX = 1 << 20,
	THREADS_MAX = 1 << 16,
	NOTES_BYTES_MAX = 1 << 28,
	FILES_MAX = 1 << 20,
	VECTORS_PLACE = 160, /* of the vector registers in what fxsave(2) stores */
	VECTOR_WORDS = 32,
	PROGRAM_HEADERS_MAX = 64,
};

struct core_file {
	uint64_t start, end;
	const char *name;
};

struct reading {
	struct image *image;
	Elf64_Ehdr header;
	uint64_t count; /* of segments */
	ARRAY(struct core_file) files;
	uint64_t stack;           /* an address in that of the first thread, or 0 */
	uint64_t program_headers; /* address; 0: not known */
	uint64_t program_header_count;
	bool misses_notes;
	bool takes_vectors;   /* of the last thread */
	uint64_t known_bytes; /* of all segments */
};

static bool
read_at(const struct image *image, void *buffer, size_t bytes, uint64_t offset)
{
	ssize_t got;

	if (offset > image->file_bytes || bytes > image->file_bytes - offset)
		return false;
	do
		got = pread(image->fd, buffer, bytes, (off_t)offset);
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)bytes;
}

/* --- the header --- */

/* Beyond 65,534 segments, their number stands elsewhere. */
static bool
count_segments(struct reading *reading)
{
	Elf64_Shdr section;

	reading->count = reading->header.e_phnum;
	if (reading->count != PN_XNUM)
		return true;
	if (!read_at(reading->image, &section, sizeof(section), reading->header.e_shoff))
		return false;
	reading->count = section.sh_info;
	return reading->count <= SEGMENTS_MAX;
}

static const char *
judge_header(const Elf64_Ehdr *header)
{
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return "not a core file";
	if (header->e_ident[EI_CLASS] == ELFCLASS32)
		return "the core of a 32-bit program, which heaptally does not trace";
	if (header->e_ident[EI_CLASS] != ELFCLASS64)
		return "not a core file, or damaged";
	if (header->e_ident[EI_DATA] == ELFDATA2MSB)
		return "a core of a machine with the other byte order";
	if (header->e_machine != EM_X86_64)
		return "a core of another kind of machine";
	if (header->e_type == ET_EXEC || header->e_type == ET_DYN)
		return "a program or a library, not a core file";
	if (header->e_type != ET_CORE)
		return "not a core file";
	if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0)
		return "not a core file, or damaged";
	return NULL;
}

static int
read_header(struct reading *reading, const char *path, char **ret_why)
{
	struct image *image = reading->image;
	struct stat status;
	const char *why = "not a core file";
	ssize_t got;

	image->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (image->fd < 0 || fstat(image->fd, &status) != 0) {
		int error = errno;

		*ret_why = xasprintf("%s: %s", path, strerror(error));
		return -error;
	}
	output_note_input(image->fd);
	image->file_bytes = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
	got = S_ISREG(status.st_mode)
		      ? pread(image->fd, &reading->header, sizeof(reading->header), 0)
		      : 0;
	if (S_ISDIR(status.st_mode))
		why = strerror(EISDIR);
	else if (S_ISREG(status.st_mode) && status.st_size == 0)
		why = "an empty file";
	else if (got >= (ssize_t)SELFMAG)
		why = judge_header(&reading->header);
	if (why == NULL && (got != (ssize_t)sizeof(reading->header) || !count_segments(reading)))
		why = "not a core file, or damaged";
	if (why == NULL)
		return 0;
	*ret_why = xasprintf("%s: %s", path, why);
	return -EBADMSG;
}

/* --- notes --- */

static void
take_thread(struct reading *reading, const uint8_t *bytes, size_t count)
{
	struct image *image = reading->image;
	struct user_regs_struct r;
	struct elf_prstatus status;

	if (count < sizeof(status) || image->threads.count == THREADS_MAX)
		return;
	memcpy(&status, bytes, sizeof(status));
	memcpy(&r, &status.pr_reg, sizeof(r));
	*array_push(&image->threads) = (struct image_thread){
		.id = (uint32_t)status.pr_pid,
		.sp = r.rsp,
		.control = r.fs_base,
		.words = {r.r15, r.r14, r.r13, r.r12, r.rbp, r.rbx, r.r11, r.r10, r.r9, r.r8, r.rax,
			  r.rcx, r.rdx, r.rsi, r.rdi, r.rip},
		.word_count = 16,
	};
	/* Within a system call, those of vectors are not kept for whoever called it. */
	reading->takes_vectors = (int64_t)r.orig_rax < 0;
}

static void
take_vectors(struct reading *reading, const uint8_t *bytes, size_t count)
{
	struct image *image = reading->image;
	struct image_thread *thread;

	if (!reading->takes_vectors || count < VECTORS_PLACE + VECTOR_WORDS * sizeof(uint64_t))
		return;
	reading->takes_vectors = false;
	thread = &image->threads.items[image->threads.count - 1];
	memcpy(&thread->words[thread->word_count], bytes + VECTORS_PLACE,
	       VECTOR_WORDS * sizeof(uint64_t));
	thread->word_count += VECTOR_WORDS;
}

static void
take_auxiliary(struct reading *reading, const uint8_t *bytes, size_t count)
{
	Elf64_auxv_t entry;

	for (size_t at = 0; at + sizeof(entry) <= count; at += sizeof(entry)) {
		memcpy(&entry, bytes + at, sizeof(entry));
		if (entry.a_type == AT_PHDR)
			reading->program_headers = entry.a_un.a_val;
		else if (entry.a_type == AT_PHNUM)
			reading->program_header_count = entry.a_un.a_val;
		else if (entry.a_type == AT_RANDOM)
			reading->stack = entry.a_un.a_val;
	}
}

/* count, page size, { start, end, page in the file }[count], names */
static void
take_files(struct reading *reading, const uint8_t *bytes, size_t count)
{
	const char *name, *end = (const char *)bytes + count;
	uint64_t head[2], words[3];

	if (count < sizeof(head))
		return;
	memcpy(head, bytes, sizeof(head));
	if (head[0] > FILES_MAX || head[0] > (count - sizeof(head)) / sizeof(words))
		return;
	name = (const char *)bytes + sizeof(head) + head[0] * sizeof(words);
	for (uint64_t i = 0; i < head[0]; i++) {
		size_t length = strnlen(name, (size_t)(end - name));

		if (length == (size_t)(end - name))
			return;
		memcpy(words, bytes + sizeof(head) + i * sizeof(words), sizeof(words));
		*array_push(&reading->files) = (struct core_file){
			words[0], words[1], intern_insert(reading->image->strings, name, length)};
		name += length + 1;
	}
}

static void
take_note(struct reading *reading, uint32_t type, const char *name, const uint8_t *bytes,
	  size_t count)
{
	if (strcmp(name, "CORE") != 0)
		return;
	switch (type) {
	case NT_PRSTATUS:
		take_thread(reading, bytes, count);
		break;
	case NT_FPREGSET:
		take_vectors(reading, bytes, count);
		break;
	case NT_AUXV:
		take_auxiliary(reading, bytes, count);
		break;
	case NT_FILE:
		take_files(reading, bytes, count);
		break;
	default:
		break;
	}
}

static size_t
round_up(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

static void
take_notes(struct reading *reading, const uint8_t *bytes, size_t count)
{
	size_t at = 0;

	while (count - at >= sizeof(Elf64_Nhdr)) {
		char name[8] = "";
		Elf64_Nhdr note;
		size_t left;

		memcpy(&note, bytes + at, sizeof(note));
		at += sizeof(note);
		left = count - at;
		if (note.n_namesz > left || round_up(note.n_namesz) > left ||
		    note.n_descsz > left - round_up(note.n_namesz))
			break;
		if (note.n_namesz <= sizeof(name))
			memcpy(name, bytes + at, note.n_namesz);
		name[sizeof(name) - 1] = '\0';
		at += round_up(note.n_namesz);
		take_note(reading, note.n_type, name, bytes + at, note.n_descsz);
		left = count - at;
		at += round_up(note.n_descsz) < left ? round_up(note.n_descsz) : left;
	}
}

static void
read_notes(struct reading *reading, const Elf64_Phdr *segment)
{
	uint8_t *bytes;

	if (segment->p_filesz > NOTES_BYTES_MAX || segment->p_offset > reading->image->file_bytes ||
	    segment->p_filesz > reading->image->file_bytes - segment->p_offset) {
		reading->misses_notes = true;
		return;
	}
	bytes = xmalloc(segment->p_filesz + 1);
	if (read_at(reading->image, bytes, segment->p_filesz, segment->p_offset))
		take_notes(reading, bytes, segment->p_filesz);
	free(bytes);
}

/* --- segments --- */

static void
insert_mapping(struct reading *reading, const Elf64_Phdr *segment)
{
	struct image *image = reading->image;
	uint64_t known =
		segment->p_filesz < segment->p_memsz ? segment->p_filesz : segment->p_memsz;
	uint64_t there =
		segment->p_offset < image->file_bytes ? image->file_bytes - segment->p_offset : 0;

	if (segment->p_memsz == 0 || segment->p_vaddr + segment->p_memsz < segment->p_vaddr)
		return;
	if (known > there) {
		image->cut_bytes += known - there;
		known = there;
	}
	/* No two are the same part of the file, or a small one could be read for ever. */
	reading->known_bytes += known;
	if (reading->known_bytes > image->file_bytes) {
		image->cut_bytes += known;
		reading->known_bytes -= known;
		known = 0;
	}
	*array_push(&image->mappings) = (struct image_mapping){
		.start = segment->p_vaddr,
		.end = segment->p_vaddr + segment->p_memsz,
		.known_end = segment->p_vaddr + known,
		.place = segment->p_offset,
		.name = intern_insert(image->strings, "", 0),
		.readable = (segment->p_flags & PF_R) != 0,
		.writable = (segment->p_flags & PF_W) != 0,
		.executable = (segment->p_flags & PF_X) != 0,
	};
}

static bool
read_segments(struct reading *reading)
{
	for (uint64_t i = 0; i < reading->count; i++) {
		uint64_t offset = reading->header.e_phoff + i * sizeof(Elf64_Phdr);
		Elf64_Phdr segment;

		if (offset < reading->header.e_phoff ||
		    !read_at(reading->image, &segment, sizeof(segment), offset))
			return false;
		if (segment.p_type == PT_NOTE)
			read_notes(reading, &segment);
		else if (segment.p_type == PT_LOAD)
			insert_mapping(reading, &segment);
	}
	return true;
}

/* --- names --- */

static void
name_files(struct reading *reading)
{
	size_t next = 0;

	span_sort(reading->files.items, reading->files.count, sizeof(struct core_file));
	array_each (&reading->image->mappings, mapping) {
		while (next < reading->files.count &&
		       reading->files.items[next].end <= mapping->start)
			next++;
		if (next == reading->files.count ||
		    reading->files.items[next].start > mapping->start)
			continue;
		mapping->name = reading->files.items[next].name;
		mapping->is_file = !text_starts_with(mapping->name, "/SYSV");
		mapping->is_device = image_is_device(mapping->name);
	}
}

/* Where the variables of the program end, as its headers say; 0. */
static uint64_t
find_end_of_variables(const struct reading *reading)
{
	uint64_t bias = 0, end = 0;

	for (uint64_t pass = 0; pass < 2; pass++) {
		for (uint64_t i = 0; i < reading->program_header_count && i < PROGRAM_HEADERS_MAX;
		     i++) {
			uint64_t address = reading->program_headers + i * sizeof(Elf64_Phdr);
			Elf64_Phdr header;

			if (!image_peek(reading->image, address, &header, sizeof(header)))
				return 0;
			if (pass == 0 && header.p_type == PT_PHDR)
				bias = reading->program_headers - header.p_vaddr;
			if (pass == 1 && header.p_type == PT_LOAD &&
			    bias + header.p_vaddr + header.p_memsz > end)
				end = bias + header.p_vaddr + header.p_memsz;
		}
	}
	return (end + IMAGE_PAGE_BYTES - 1) & ~(uint64_t)(IMAGE_PAGE_BYTES - 1);
}

static bool
is_plain(const struct image_mapping *mapping)
{
	return !mapping->is_file && mapping->readable && mapping->writable &&
	       !mapping->executable && mapping->name[0] == '\0';
}

/* The heap of brk(2) begins behind the variables, or a random gap further on. Where it begins
 * right there, the kernel makes one mapping of both. */
static void
name_heap(struct reading *reading)
{
	struct image *image = reading->image;
	const char *heap = intern_insert_string(image->strings, "[heap]");
	uint64_t end = reading->program_headers != 0 ? find_end_of_variables(reading) : 0;
	size_t i = image_find_index(image, end);
	struct image_mapping *mapping, rest;

	if (end == 0 || i == image->mappings.count || !is_plain(&image->mappings.items[i]) ||
	    (image->mappings.items[i].start > end &&
	     image->mappings.items[i].start - end > HEAP_GAP_MAX))
		return;
	mapping = &image->mappings.items[i];
	if (mapping->start >= end) {
		mapping->name = mapping->object = heap;
		return;
	}
	rest = *mapping;
	rest.start = end;
	rest.place += end - mapping->start;
	rest.known_end = rest.known_end > end ? rest.known_end : end;
	rest.name = heap;
	mapping->end = end;
	mapping->known_end = mapping->known_end < end ? mapping->known_end : end;
	*array_push(&image->mappings) = rest;
	image_finish_mappings(image);
}

/* The kernel leaves out variables that nobody has written to, as it does with memory that the
 * program does not want in a core. They are zero. */
static void
know_untouched(struct image *image)
{
	array_each (&image->mappings, mapping)
		if (!mapping->is_file && mapping->object[0] == '/' &&
		    mapping->known_end == mapping->start)
			mapping->is_untouched = true;
}

static void
name_stack(struct reading *reading)
{
	size_t i = image_find_index(reading->image, reading->stack);
	struct image_mapping *mapping;

	if (reading->stack == 0 || i == reading->image->mappings.count)
		return;
	mapping = &reading->image->mappings.items[i];
	if (mapping->start <= reading->stack && is_plain(mapping))
		mapping->name = mapping->object =
			intern_insert_string(reading->image->strings, "[stack]");
}

int
core_open(struct image *image, const char *path, char **ret_why)
{
	struct reading reading = {.image = image};
	int result;

	image_init(image);
	image->is_core = true;
	result = read_header(&reading, path, ret_why);
	if (result == 0 && !read_segments(&reading)) {
		*ret_why = xasprintf("%s: cut off within its headers", path);
		result = -EBADMSG;
	} else if (result == 0 && (reading.misses_notes || image->threads.count == 0)) {
		*ret_why = xasprintf("%s: a core without its notes: cut off, or damaged", path);
		result = -EBADMSG;
	}
	if (result == 0) {
		image_finish_mappings(image);
		name_files(&reading);
		image_finish_mappings(image);
		name_stack(&reading);
		name_heap(&reading);
		know_untouched(image);
	} else {
		image_release(image);
	}
	array_release(&reading.files);
	return result;
}
