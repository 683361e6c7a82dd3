/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * system_rules.c - blocks that libc, libstdc++ and the loader keep by design
 *
 * Names are those that the libraries export, for most systems have no other names of them.
 */
#include "config.h"

#include "model/system_rules.h"

#include <stdbool.h>
#include <string.h>

#include "model/system_library.h"
#include "util/glob.h"

const struct system_rule system_rules[] = {
	[SYSTEM_RULE_START_UP] = {NULL, NULL,
				  "start-up of libraries, as the exception pool of libstdc++"},
	{"libc", "_IO_file_doallocate", "buffers of stdio"},
	{"libc", "_IO_wfile_doallocate", "buffers of stdio"},
	{"ld.so", "_dl_allocate_tls*", "thread-local storage"},
	{"ld.so", "__tls_get_addr", "thread-local storage"},
	{"libc", "setlocale", "locale"},
	{"libc", "textdomain", "locale"},
	{"libc", "bindtextdomain", "locale"},
	{"libc", "bind_textdomain_codeset", "locale"},
	{"libc", "*gettext", "locale"},
	{"libc", "tzset", "time zone"},
	{"libc", "localtime", "time zone"},
	{"libc", "localtime_r", "time zone"},
	{"libc", "mktime", "time zone"},
	{"libc", "strftime", "time zone"},
	{"libc", "__cxa_atexit", "list of atexit"},
	{"libc", "__cxa_at_quick_exit", "list of atexit"},
	{"libstdc++", "std::ios_base::sync_with_stdio*", "buffers of iostream"},
	{"libstdc++", "std::locale::global*", "locale"},
	{"libstdc++", "std::locale::_Impl::_M_install_cache*", "locale"},
};

const uint32_t system_rule_count = sizeof(system_rules) / sizeof(*system_rules);

_Static_assert(sizeof(system_rules) / sizeof(*system_rules) < SYSTEM_RULE_NONE,
	       "the number of a rule is kept in a byte");

/* Debug information has the names that libc uses inside: __GI_setlocale, __tzset. */
static bool
match_name(const char *glob, const char *name)
{
	if (strncmp(name, "__GI_", 5) == 0)
		name += 5;
	return glob_match(glob, name) ||
	       (strncmp(name, "__", 2) == 0 && glob_match(glob, name + 2));
}

uint32_t
system_rules_match_place(const struct place *place)
{
	const char *library = system_library_find_module(place->module);

	for (uint32_t i = SYSTEM_RULE_START_UP + 1;
	     library != NULL && place->function != NULL && i < system_rule_count; i++)
		if (strcmp(system_rules[i].library, library) == 0 &&
		    match_name(system_rules[i].function, place->function))
			return i;
	return SYSTEM_RULE_NONE;
}
