/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "run/target.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "run/elf_look.h"
#include "util/text.h"
#include "util/xalloc.h"

enum {
	SCRIPT_DEPTH_MAX = 5,
	SCRIPT_LINE_BYTES = 256,
};

/* What the ELF file tells at one look. */
struct elf_facts {
	bool is_elf, is_64, is_x86_64;
	bool has_interpreter, is_musl, is_go;
	bool exports_malloc;
	bool is_loader, is_recent_loader;
	const char *sanitizer;
	char *interpreter; /* to free */
};

/* The loader's own options, before the name of the program. */
static const char *const loader_values[] = {
	"--library-path",
	"--glibc-hwcaps-prepend",
	"--glibc-hwcaps-mask",
	"--inhibit-rpath",
	"--audit",
	"--preload",
	"--argv0",
};
static const char *const loader_questions[] = {
	"--list", "--verify", "--list-tunables", "--list-diagnostics", "--help", "--version",
};

static const struct {
	const char *symbol;
	const char *library;
	const char *name;
} sanitizers[] = {
	{"__asan_init", "libasan.so", "AddressSanitizer"},
	{"__hwasan_init", "libhwasan.so", "HWAddressSanitizer"},
	{"__tsan_init", "libtsan.so", "ThreadSanitizer"},
	{"__msan_init", "libmsan.so", "MemorySanitizer"},
	{"__lsan_init", "liblsan.so", "LeakSanitizer"},
};

static const struct {
	const char *symbol;
	const char *name;
} allocators[] = {
	{"je_malloc", "jemalloc"},
	{"_rjem_malloc", "jemalloc"},
	{"jemalloc", "jemalloc"},
	{"tc_malloc", "tcmalloc"},
	{"TCMallocInternalMalloc", "tcmalloc"},
	{"mi_malloc", "mimalloc"},
	{"scudo_malloc", "scudo"},
	{"rpmalloc", "rpmalloc"},
	{"sn_malloc", "snmalloc"},
	{"dlmalloc", "dlmalloc"},
	{"nedmalloc", "nedmalloc"},
	{"hoard_malloc", "hoard"},
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* --- ELF --- */

static void
look_at_segments(Elf *elf, struct elf_facts *facts)
{
	size_t count;

	if (elf_getphdrnum(elf, &count) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;
		Elf_Data *data;

		if (gelf_getphdr(elf, (int)i, &segment) == NULL || segment.p_type != PT_INTERP)
			continue;
		facts->has_interpreter = true;
		data = elf_getdata_rawchunk(elf, (int64_t)segment.p_offset, segment.p_filesz,
					    ELF_T_BYTE);
		if (data != NULL && data->d_size != 0 &&
		    memchr(data->d_buf, '\0', data->d_size) != NULL) {
			free(facts->interpreter);
			facts->interpreter = xstrdup(data->d_buf);
			facts->is_musl = strncmp(text_base_name(data->d_buf), "ld-musl", 7) == 0;
		}
	}
}

static void
look_at_needed(Elf *elf, Elf_Data *data, size_t strings, struct elf_facts *facts)
{
	GElf_Dyn entry;

	for (int i = 0; gelf_getdyn(data, i, &entry) != NULL && entry.d_tag != DT_NULL; i++) {
		const char *name = entry.d_tag == DT_NEEDED || entry.d_tag == DT_SONAME
					   ? elf_strptr(elf, strings, entry.d_un.d_val)
					   : NULL;

		if (entry.d_tag == DT_SONAME) {
			facts->is_loader = name != NULL && text_starts_with(name, "ld-linux");
			continue;
		}
		for (size_t s = 0; name != NULL && s < COUNT_OF(sanitizers); s++)
			if (text_starts_with(name, sanitizers[s].library))
				facts->sanitizer = sanitizers[s].name;
	}
}

static void
look_at_symbols(Elf *elf, Elf_Data *data, size_t strings, struct elf_facts *facts)
{
	GElf_Sym symbol;

	for (int i = 0; gelf_getsym(data, i, &symbol) != NULL; i++) {
		const char *name;

		name = elf_strptr(elf, strings, symbol.st_name);
		if (symbol.st_shndx == SHN_UNDEF || name == NULL)
			continue;
		/* The loader of glibc 2.35 is the first that has it. */
		if (strcmp(name, "__rseq_offset") == 0)
			facts->is_recent_loader = true;
		if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
			continue;
		if (strcmp(name, "malloc") == 0)
			facts->exports_malloc = true;
		for (size_t s = 0; name[0] == '_' && s < COUNT_OF(sanitizers); s++)
			if (strcmp(name, sanitizers[s].symbol) == 0)
				facts->sanitizer = sanitizers[s].name;
	}
}

static void
look_at_sections(Elf *elf, struct elf_facts *facts)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;
		const char *name;
		Elf_Data *data;

		if (gelf_getshdr(section, &header) == NULL)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (name != NULL && strcmp(name, ".go.buildinfo") == 0)
			facts->is_go = true;
		if (header.sh_type != SHT_DYNAMIC && header.sh_type != SHT_DYNSYM)
			continue;
		data = elf_getdata(section, NULL);
		if (data == NULL)
			continue;
		if (header.sh_type == SHT_DYNAMIC)
			look_at_needed(elf, data, header.sh_link, facts);
		else
			look_at_symbols(elf, data, header.sh_link, facts);
	}
}

static void
look_at_all(Elf *elf, void *context)
{
	struct elf_facts *facts = context;
	GElf_Ehdr header;

	if (gelf_getehdr(elf, &header) == NULL)
		return;
	facts->is_elf = true;
	facts->is_64 = header.e_ident[EI_CLASS] == ELFCLASS64;
	facts->is_x86_64 = header.e_machine == EM_X86_64;
	look_at_segments(elf, facts);
	look_at_sections(elf, facts);
}

static void
find_allocator_symbol(Elf *elf, void *context)
{
	char **found = context;
	Elf_Scn *section = NULL;

	while (*found == NULL && (section = elf_nextscn(elf, section)) != NULL) {
		GElf_Shdr header;
		GElf_Sym symbol;
		Elf_Data *data;

		if (gelf_getshdr(section, &header) == NULL ||
		    (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		data = elf_getdata(section, NULL);
		for (int i = 0; *found == NULL && gelf_getsym(data, i, &symbol) != NULL; i++) {
			const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);

			if (name == NULL || symbol.st_shndx == SHN_UNDEF ||
			    GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
				continue;
			for (size_t a = 0; a < COUNT_OF(allocators); a++)
				if (strcmp(name, allocators[a].symbol) == 0)
					*found = xasprintf("%s (%s)", allocators[a].name, name);
		}
	}
}

char *
target_find_allocator(const char *path)
{
	char *found = NULL;

	elf_look(path, find_allocator_symbol, &found);
	return found;
}

/* --- files --- */

/* exec would make a process of other rights, so that the loader ignores LD_PRELOAD. */
static const char *
find_privilege(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return NULL;
	if ((status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid())
		return "is set-user-ID, so its loader ignores LD_PRELOAD; its owner can trace it";
	if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    status.st_gid != getegid())
		return "is set-group-ID, so its loader ignores LD_PRELOAD; who runs as its group "
		       "can trace it";
	if (geteuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		return "has file capabilities, so its loader ignores LD_PRELOAD; root can trace it";
	return NULL;
}

static void
refuse(struct target *target, enum target_verdict verdict, char *reason)
{
	target->verdict = verdict;
	target->reason = reason;
}

static void
refuse_old(struct target *target, const char *loader)
{
	static const char old[] = "the loader of a glibc before 2.35, below which nothing can be "
				  "traced";

	refuse(target, TARGET_UNTRACEABLE,
	       loader == target->path
		       ? xasprintf("%s is %s", loader, old)
		       : xasprintf("%s is started by %s, %s", target->path, loader, old));
}

/* What starts it, or nothing of glibc's. */
static void
judge_interpreter(struct target *target, const char *interpreter)
{
	struct elf_facts facts = {0};

	if (access(interpreter, R_OK) != 0 || !elf_look(interpreter, look_at_all, &facts))
		return;
	if (facts.is_loader && facts.is_x86_64 && !facts.is_recent_loader)
		refuse_old(target, interpreter);
	free(facts.interpreter);
}

static void
judge_elf(struct target *target, const struct elf_facts *facts, bool by_loader)
{
	const char *path = target->path;
	/* The loader runs with its own rights, and not with those of what it loads. */
	const char *privilege = by_loader ? NULL : find_privilege(path);

	if (facts->interpreter != NULL && !by_loader)
		judge_interpreter(target, facts->interpreter);
	if (target->verdict != TARGET_TRACEABLE)
		return;
	if (!facts->is_64 && facts->is_elf)
		refuse(target, TARGET_UNTRACEABLE,
		       xasprintf("%s is a 32-bit program, and this heaptally traces 64-bit ones",
				 path));
	else if (facts->is_elf && !facts->is_x86_64)
		refuse(target, TARGET_UNTRACEABLE,
		       xasprintf("%s is built for another kind of machine", path));
	else if (facts->is_elf && !facts->has_interpreter)
		refuse(target, TARGET_UNTRACEABLE,
		       xasprintf("%s is %sstatically linked, so nothing can be preloaded into it",
				 path, facts->is_go ? "a Go program, " : ""));
	else if (facts->is_musl)
		refuse(target, TARGET_UNTRACEABLE,
		       xasprintf("%s uses musl, and heaptally's runtime needs glibc", path));
	else if (privilege != NULL)
		refuse(target, TARGET_UNTRACEABLE, xasprintf("%s %s", path, privilege));
	else if (facts->sanitizer != NULL)
		refuse(target, TARGET_UNTRACEABLE,
		       xasprintf("%s is built with %s, which has its own malloc and must be loaded "
				 "first",
				 path, facts->sanitizer));
	else if (facts->exports_malloc) {
		char *name = target_find_allocator(path);

		target->warning =
			xasprintf("%s brings its own malloc%s%s, which comes before "
				  "heaptally's: its blocks will not be seen",
				  path, name != NULL ? ", " : "", name != NULL ? name : "");
		free(name);
	} else if (facts->is_go) {
		target->warning = xasprintf("%s is a Go program: only what its C code allocates "
					    "will be seen",
					    path);
	}
}

/* The two words after "#!", in line. False if it is no script. */
static bool
read_script_line(const char *path, char *line, char **ret_interpreter, char **ret_argument)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length;
	char *rest;

	if (fd < 0)
		return false;
	length = read(fd, line, SCRIPT_LINE_BYTES - 1);
	close(fd);
	if (length < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	*ret_interpreter = strtok_r(line + 2, " \t", &rest);
	*ret_argument = *ret_interpreter != NULL ? strtok_r(NULL, " \t", &rest) : NULL;
	/* env -S splits its argument, so the program is one word further. */
	if (*ret_argument != NULL && strcmp(*ret_argument, "-S") == 0)
		*ret_argument = strtok_r(NULL, " \t", &rest);
	return *ret_interpreter != NULL;
}

static int
check_executable(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : -errno;
}

/* As execvp searches. 0 with the path to free, or -errno. */
static int
search_path(const char *program, char **ret_path)
{
	const char *path = getenv("PATH");
	int result = -ENOENT;

	if (strchr(program, '/') != NULL || program[0] == '\0') {
		result = check_executable(program);
		if (result == 0)
			*ret_path = xstrdup(program);
		return result;
	}
	for (const char *next = path != NULL ? path : "/bin:/usr/bin"; next != NULL;) {
		size_t length = strcspn(next, ":");
		char *candidate =
			xasprintf("%.*s%s%s", (int)length, next, length != 0 ? "/" : "", program);
		int found = check_executable(candidate);

		if (found == 0) {
			*ret_path = candidate;
			return 0;
		}
		if (found == -EACCES)
			result = found;
		free(candidate);
		next = next[length] != '\0' ? next + length + 1 : NULL;
	}
	return result;
}

static void
refuse_missing(struct target *target, const char *program, int error)
{
	bool missing = error == -ENOENT || error == -ENOTDIR;
	bool searched = strchr(program, '/') == NULL;

	refuse(target, missing ? TARGET_NOT_FOUND : TARGET_NOT_EXECUTABLE,
	       missing && searched ? xasprintf("%s: command not found", program)
				   : xasprintf("%s: %s", program, strerror(-error)));
}

/* The program that env would start, unless env itself is going to say what is wrong with it. */
static char *
get_env_program(const char *interpreter, const char *argument)
{
	char *path = NULL;

	if (strcmp(text_base_name(interpreter), "env") != 0 || argument == NULL ||
	    argument[0] == '-' || strchr(argument, '=') != NULL ||
	    search_path(argument, &path) != 0)
		return NULL;
	return path;
}

static bool
is_one_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

/* The program that the loader is told; NULL if it is asked for something else. */
static const char *
get_loaded_program(char *const *arguments)
{
	size_t i = 1;

	for (; arguments[i] != NULL && strncmp(arguments[i], "--", 2) == 0; i++) {
		if (is_one_of(arguments[i], loader_questions, COUNT_OF(loader_questions)))
			return NULL;
		if (!is_one_of(arguments[i], loader_values, COUNT_OF(loader_values)))
			continue;
		if (arguments[i + 1] == NULL)
			return NULL;
		i++;
	}
	return arguments[i];
}

/* It takes no script, and looks for what has no slash where libraries are. */
static void
judge_loaded(struct target *target, char *const *arguments)
{
	const char *program = get_loaded_program(arguments);
	struct elf_facts facts = {0};

	if (program == NULL) {
		target->verdict = TARGET_RUNS_NOTHING;
		return;
	}
	target->name = xstrdup(text_base_name(program));
	if (strchr(program, '/') == NULL || !elf_look(program, look_at_all, &facts))
		return;
	free(target->path);
	target->path = xstrdup(program);
	judge_elf(target, &facts, true);
	free(facts.interpreter);
}

/* Follow one step: judge the file at target->path, or return the word to go on with. `arguments`
 * are those it is started with, or NULL. */
static char *
judge_file(struct target *target, char *const *arguments)
{
	char line[SCRIPT_LINE_BYTES], *interpreter, *argument, *program;
	struct elf_facts facts = {0};

	if (access(target->path, R_OK) != 0)
		return NULL;
	if (elf_look(target->path, look_at_all, &facts)) {
		if (facts.has_interpreter || !facts.is_loader || !facts.is_x86_64 ||
		    arguments == NULL)
			judge_elf(target, &facts, false);
		else if (facts.is_recent_loader || get_loaded_program(arguments) == NULL)
			judge_loaded(target, arguments);
		else
			refuse_old(target, target->path);
		free(facts.interpreter);
		return NULL;
	}
	if (!read_script_line(target->path, line, &interpreter, &argument))
		return xstrdup("/bin/sh"); /* as execvp does */
	program = get_env_program(interpreter, argument);
	return program != NULL ? program : xstrdup(interpreter);
}

void
target_inspect(char *const *arguments, struct target *ret_target)
{
	struct target target = {0};
	char *word = xstrdup(arguments[0]);

	for (int depth = 0; word != NULL && depth < SCRIPT_DEPTH_MAX; depth++) {
		char *next = NULL, *path = NULL;
		int result = search_path(word, &path);

		if (result == 0) {
			free(target.path);
			target.path = path;
			next = judge_file(&target, depth == 0 ? arguments : NULL);
		} else if (depth == 0) {
			refuse_missing(&target, arguments[0], result);
		} else {
			/* exec says ENOENT for a script whose interpreter is missing. */
			refuse(&target, TARGET_NOT_EXECUTABLE,
			       xasprintf("%s: its interpreter %s: %s", arguments[0], word,
					 strerror(-result)));
		}
		free(word);
		word = next;
	}
	free(word);
	*ret_target = target;
}

void
target_release(struct target *target)
{
	free(target->path);
	free(target->name);
	free(target->reason);
	free(target->warning);
	*target = (struct target){0};
}
