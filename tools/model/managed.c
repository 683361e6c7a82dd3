/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/managed.h"

#include <stddef.h>
#include <string.h>

#include "model/profile.h"
#include "util/text.h"

/* By how the name of the executable, or of a library, begins. */
static const struct {
	const char *executable, *library;
	struct managed managed;
} table[] = {
	{"python",
	 "libpython",
	 {"CPython", "keeps small objects in arenas of its own",
	  "PYTHONMALLOC=malloc shows each object"}},
	{"pypy",
	 "libpypy",
	 {"PyPy", "has a collected heap of its own", "its gc module knows the objects"}},
	{"php", "libphp", {"PHP", "has a heap of its own", "USE_ZEND_ALLOC=0 lets it call malloc"}},
	{"java",
	 "libjvm.so",
	 {"the JVM", "keeps its objects in a heap of its own",
	  "jcmd PID GC.class_histogram lists them, heaptally sees native code"}},
	{"node",
	 "libnode",
	 {"Node.js", "keeps its objects in the heap of V8",
	  "node --heap-prof has them, heaptally sees native code"}},
	{"mono",
	 "libmono",
	 {"Mono", "keeps its objects in a heap of its own", "heaptally sees native code"}},
	{"dotnet",
	 "libcoreclr.so",
	 {".NET", "keeps its objects in a heap of its own",
	  "dotnet-gcdump has them, heaptally sees native code"}},
	{"ruby",
	 "libruby",
	 {"Ruby", "keeps its objects in pages of its own", "ObjectSpace knows the objects"}},
	{"beam", NULL, {"Erlang", "has allocators of its own", "+Mea min lets them call malloc"}},
	{"luajit",
	 "libluajit",
	 {"LuaJIT", "has a heap of its own", "collectgarbage(\"count\") tells its size"}},
	{"guile",
	 "libguile",
	 {"Guile", "keeps its objects in a collected heap", "heaptally sees native code"}},
	{"emacs",
	 NULL,
	 {"Emacs", "keeps its objects in blocks of its own", "M-x memory-report lists them"}},
	{"sbcl", NULL, {"SBCL", "keeps its objects in a heap of its own", "(room) describes it"}},
	{NULL, "libgo.so", {"Go", "keeps its objects in a heap of its own", "pprof has them"}},
	{NULL,
	 "libgc.so",
	 {"the Boehm collector", "maps its memory itself", "GC_PRINT_STATS=1 tells its size"}},
};

static bool
begins_with(const char *path, const char *prefix)
{
	return prefix != NULL && text_starts_with(text_base_name(path), prefix);
}

static bool
has_library(const struct profile *profile, const char *prefix)
{
	for (uint32_t i = 0; prefix != NULL && i < profile->module_count; i++)
		if (!profile->modules[i].is_main && begins_with(profile->modules[i].path, prefix))
			return true;
	return false;
}

/* Where the blocks of CPython's own allocators were counted, nothing is unseen. */
static bool
is_seen(const struct profile *profile, const struct managed *managed)
{
	return profile->python == PROFILE_PYTHON_ON && strcmp(managed->name, "CPython") == 0;
}

const struct managed *
managed_find(const struct profile *profile)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (begins_with(profile->executable, table[i].executable) &&
		    !is_seen(profile, &table[i].managed))
			return &table[i].managed;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (has_library(profile, table[i].library) && !is_seen(profile, &table[i].managed))
			return &table[i].managed;
	return NULL;
}
