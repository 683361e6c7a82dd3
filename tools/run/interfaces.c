/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "run/interfaces.h"

#include <stdlib.h>
#include <string.h>

#include "model/profile.h"
#include "run/elf_look.h"
#include "util/glob.h"
#include "util/text.h"
#include "util/xalloc.h"

#define NAMES_MOST 3 /* that are listed */

/* Sources: mimalloc.h, gperftools/tcmalloc.h, jemalloc.h with a prefix, tbb/scalable_allocator.h,
 * rpmalloc.h. */
static const char *const patterns[] = {
	"mi_*alloc*", "mi_new*", "mi_free*",   "mi_cfree",   "mi_*dup",
	"tc_*alloc*", "tc_new*", "tc_free*",   "tc_delete*", "tc_memalign",
	"je_*alloc*", "je_free", "scalable_*", "rp*alloc*",  "rpfree",
};

/* In which they are. */
static const char *const libraries[] = {
	"libmimalloc*", "libtcmalloc*", "libjemalloc*", "libtbbmalloc*", "librpmalloc*",
};

struct names {
	char *text; /* "mi_malloc, mi_free" */
	size_t count;
};

static bool
matches(const char *text, const char *const *globs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (glob_match(globs[i], text))
			return true;
	return false;
}

static void
note(struct names *names, const char *name)
{
	char *text;

	if (names->count++ >= NAMES_MOST)
		return;
	text = names->text == NULL ? xstrdup(name) : xasprintf("%s, %s", names->text, name);
	free(names->text);
	names->text = text;
}

static void
look_at_symbols(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct names *names)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym symbol;

	for (int i = 1; data != NULL && gelf_getsym(data, i, &symbol) != NULL; i++) {
		const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);

		if (name != NULL && symbol.st_shndx == SHN_UNDEF &&
		    matches(name, patterns, sizeof(patterns) / sizeof(*patterns)))
			note(names, name);
	}
}

static void
look_at_needs(Elf *elf, void *context)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section)) != NULL)
		if (gelf_getshdr(section, &header) != NULL && header.sh_type == SHT_DYNSYM)
			look_at_symbols(elf, section, &header, context);
}

static bool
is_library(const struct profile_module *module)
{
	return matches(text_base_name(module->path), libraries,
		       sizeof(libraries) / sizeof(*libraries));
}

char *
interfaces_describe_unseen(const struct profile *profile)
{
	struct names names = {0};
	const char *library = NULL, *who = profile->executable;
	char *sentence = NULL;

	if (who == NULL)
		return NULL;
	who = text_base_name(who);
	/* Only modules that are on stacks are known. */
	elf_look(profile->executable, look_at_needs, &names);
	for (uint32_t i = 0; i < profile->module_count; i++)
		if (is_library(&profile->modules[i]))
			library = text_base_name(profile->modules[i].path);
	for (uint32_t i = 0; library != NULL && names.count == 0 && i < profile->module_count;
	     i++) {
		who = text_base_name(profile->modules[i].path);
		if (!is_library(&profile->modules[i]))
			elf_look(profile->modules[i].path, look_at_needs, &names);
	}
	if (names.count > 0)
		sentence = xasprintf("%s calls %s%s of %s, which are not hooked: blocks from there "
				     "are not seen, and those freed by it stay live",
				     who, names.text, names.count > NAMES_MOST ? ", ..." : "",
				     library != NULL ? library : "its allocator");
	free(names.text);
	return sentence;
}
