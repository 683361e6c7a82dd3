/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wrapper.c - functions that allocate on behalf of their caller
 *
 * The knowledge is in the tables. Functions of C are listed by their whole name, without the
 * suffixes that compilers add to clones; those of other languages by how the name starts.
 */
#include "config.h"

#include "model/wrapper.h"

#include <inttypes.h>
#include <string.h>

#include "util/buffer.h"
#include "util/glob.h"
#include "util/text.h"

/* Modules by the start of their file name: the C and C++ libraries, and allocators. */
static const char *const modules[] = {
	"ld-linux", "libc-2.",        "libc.so.",     "libc++.so",      "libc++abi.so",
	"libdl.so", "libgcc_s.so",    "libheaptally", "libgfortran.so", "libgnarl-",
	"libgnat-", "libjemalloc.so", "libm.so.",     "libmimalloc.",   "libpthread.so",
	"librt.so", "libstdc++.so",   "libtcmalloc",  "linux-vdso",
};

/* Sources by a part of their path: headers of the C++ library, Rust's own crates. */
static const char *const paths[] = {
	"/include/c++/",
	"/rustc/",
};

/* Rust's own crates, in a path. */
static const char *const rust_crates[] = {"alloc::", "core::", "std::", "hashbrown::"};

/* The same by the start of the path, for libraries that were built without absolute paths. */
static const char *const path_starts[] = {
	"library/alloc/",
	"library/core/",
	"library/std/",
};

static const char *const prefixes[] = {
	"operator new",
	"operator delete",
	"std::",
	"__gnu_cxx::",
	"__cxxabiv1::",
	"alloc::",
	"core::",
	"hashbrown::",
	"__rust_",
	"__rdl_",
	"__rg_",
	"__rustc",
	"_GLOBAL__sub_I_eh_alloc",
	"absl::container_internal::",
	"boost::container::",
	"eastl::",
	"llvm::BumpPtrAllocatorImpl",
	"llvm::DenseMap",
	"llvm::FoldingSet",
	"llvm::MallocAllocator",
	"llvm::SmallDenseMap",
	"llvm::SmallPtrSet",
	"llvm::SmallVector",
	"llvm::StringMapImpl",
	"llvm::allocate_buffer",
	"llvm::safe_",
	"node::Malloc",
	"node::Realloc",
	"node::UncheckedMalloc",
	"v8::internal::Malloced::",
	"v8::internal::AllocWithRetry",
	"objspace_x",
	"ruby_x",
	/* Ada and Fortran */
	"__gnat_",
	"_gfortran",
	"system.memory.",
	"system__memory__",
	"system.pool_global.",
	"system__pool_global__",
	"system.secondary_stack.",
	"system__secondary_stack__",
	"system.storage_pools.",
	"system__storage_pools__",
	"ada.strings.",
	"ada__strings__",
};

/* Whole names. A linear search will do: it runs once for each distinct position. */
static const char *const functions[] = {
	/* before main */
	"_start",
	"_init",
	"__libc_start_main",
	"__libc_csu_init",
	"__do_global_ctors_aux",
	"call_init",
	"start_thread",
	"clone",
	"clone3",
	/* names that many programs use */
	"malloc",
	"calloc",
	"realloc",
	"reallocarray",
	"memalign",
	"aligned_alloc",
	"posix_memalign",
	"strdup",
	"strndup",
	"zalloc",
	"mem_alloc",
	"mem_calloc",
	"mem_malloc",
	"mem_realloc",
	"mem_zalloc",
	"emalloc",
	"ecalloc",
	"erealloc",
	"estrdup",
	"safe_malloc",
	"safe_calloc",
	"safe_realloc",
	"safe_strdup",
	"safemalloc",
	"safecalloc",
	"saferealloc",
	"do_xmalloc",
	"sh_xmalloc",
	"sh_xrealloc",
	"x2nrealloc",
	"x2realloc",
	"xcalloc",
	"xcharalloc",
	"xmalloc",
	"xmallocz",
	"xmemdup",
	"xmemdup0",
	"xmemdupz",
	"xnmalloc",
	"xnrealloc",
	"xpalloc",
	"xrealloc",
	"xreallocarray",
	"xstrdup",
	"xstrndup",
	"xzalloc",
	/* GLib */
	"g_aligned_alloc",
	"g_malloc",
	"g_malloc0",
	"g_malloc0_n",
	"g_malloc_n",
	"g_memdup",
	"g_memdup2",
	"g_realloc",
	"g_realloc_n",
	"g_slice_alloc",
	"g_slice_alloc0",
	"g_slice_copy",
	"g_strdup",
	"g_strndup",
	"g_try_malloc",
	"g_try_malloc0",
	"g_try_malloc_n",
	"g_try_realloc",
	/* SQLite */
	"dbMallocRawFinish",
	"dbReallocFinish",
	"mallocWithAlarm",
	"pcache1Alloc",
	"sqlite3DbMallocRaw",
	"sqlite3DbMallocRawNN",
	"sqlite3DbMallocZero",
	"sqlite3DbRealloc",
	"sqlite3DbReallocOrFree",
	"sqlite3DbSpanDup",
	"sqlite3DbStrDup",
	"sqlite3DbStrNDup",
	"sqlite3Malloc",
	"sqlite3MallocZero",
	"sqlite3MemMalloc",
	"sqlite3MemRealloc",
	"sqlite3PageMalloc",
	"sqlite3Realloc",
	"sqlite3_malloc",
	"sqlite3_malloc64",
	"sqlite3_realloc",
	"sqlite3_realloc64",
	/* jq, Perl, CPython, Lua */
	"jv_mem_alloc",
	"jv_mem_alloc_unguarded",
	"jv_mem_calloc",
	"jv_mem_calloc_unguarded",
	"jv_mem_realloc",
	"jv_mem_strdup",
	"jv_mem_strdup_unguarded",
	"Perl_safesyscalloc",
	"Perl_safesysmalloc",
	"Perl_safesysrealloc",
	"PyMem_Calloc",
	"PyMem_Malloc",
	"PyMem_RawCalloc",
	"PyMem_RawMalloc",
	"PyMem_RawRealloc",
	"PyMem_Realloc",
	"PyObject_Calloc",
	"PyObject_Malloc",
	"PyObject_Realloc",
	"_PyMem_RawCalloc",
	"_PyMem_RawMalloc",
	"_PyMem_RawRealloc",
	"_PyObject_Calloc",
	"PyType_GenericAlloc",
	"_PyObject_GC_Malloc",
	"_PyObject_GC_New",
	"_PyObject_GC_NewVar",
	"_PyObject_New",
	"_PyObject_NewVar",
	"_PyObject_Malloc",
	"_PyObject_Realloc",
	"gc_alloc",
	"l_alloc",
	"luaM_malloc_",
	"luaM_realloc_",
	/* redis, nginx, OpenSSL, libxml2, FFmpeg, PostgreSQL, git, APR */
	"zcalloc",
	"zmalloc",
	"zmalloc_usable",
	"zrealloc",
	"zrealloc_usable",
	"zstrdup",
	"ztrycalloc",
	"ztrycalloc_usable",
	"ztrymalloc",
	"ztrymalloc_usable",
	"ztryrealloc",
	"ztryrealloc_usable",
	"ngx_alloc",
	"ngx_calloc",
	"CRYPTO_calloc",
	"CRYPTO_malloc",
	"CRYPTO_realloc",
	"CRYPTO_strdup",
	"CRYPTO_zalloc",
	"xmlMemMalloc",
	"xmlMemRealloc",
	"xmlStrndup",
	"av_calloc",
	"av_malloc",
	"av_mallocz",
	"av_realloc",
	"av_strdup",
	"AllocSetAlloc",
	"MemoryContextAlloc",
	"MemoryContextAllocZero",
	"palloc",
	"palloc0",
	"pstrdup",
	"git__calloc",
	"git__malloc",
	"git__realloc",
	"git__strdup",
	"apr_palloc",
	"apr_pcalloc",
	"uprv_malloc",
	/* x264, ImageMagick, MariaDB, sox, graphviz, binutils, mono, OpenLDAP, PHP, SWI-Prolog,
	 * postfix, OCaml, R, nginx, QEMU, Erlang, leptonica, libpng, Emacs, GHC */
	"x264_malloc",
	"AcquireAlignedMemory",
	"AcquireMagickMemory",
	"AcquireQuantumMemory",
	"my_alloc",
	"my_calloc",
	"my_malloc",
	"my_realloc",
	"my_zalloc",
	"my_strdup",
	"lsx_malloc",
	"lsx_calloc",
	"lsx_realloc",
	"lsx_strdup",
	"gmalloc",
	"grealloc",
	"agalloc",
	"_objalloc_alloc",
	"objalloc_create",
	"bfd_alloc",
	"bfd_malloc",
	"bfd_realloc",
	"bfd_zalloc",
	"bfd_zmalloc",
	"_obstack_begin",
	"_obstack_newchunk",
	"monoeg_malloc",
	"monoeg_malloc0",
	"monoeg_realloc",
	"monoeg_g_calloc",
	"ber_memalloc_x",
	"ber_memcalloc_x",
	"ber_memrealloc_x",
	"ber_strdup_x",
	"__zend_malloc",
	"__zend_calloc",
	"__zend_realloc",
	"_emalloc",
	"_ecalloc",
	"_erealloc",
	"_estrdup",
	"PL_malloc",
	"PL_malloc_atomic",
	"PL_realloc",
	"mymalloc",
	"myrealloc",
	"mystrdup",
	"caml_alloc_for_heap",
	"caml_stat_alloc",
	"caml_stat_alloc_noexc",
	"caml_stat_calloc_noexc",
	"caml_stat_resize_noexc",
	"Rf_allocVector3",
	"ngx_memalign",
	"ngx_palloc",
	"ngx_pcalloc",
	"ngx_pnalloc",
	"qemu_memalign",
	"qemu_try_memalign",
	"erts_sys_alloc",
	"erts_sys_aligned_alloc",
	"erts_sys_realloc",
	"pixCreateNoInit",
	"png_malloc",
	"png_malloc_base",
	"png_malloc_warn",
	"lisp_malloc",
	"lisp_align_malloc",
	"lmalloc",
	"lrealloc",
	"stgMallocBytes",
	"stgCallocBytes",
	"stgReallocBytes",
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* GCC and clang name clones "f.part.0", "f.constprop.0", "f.cold". */
static size_t
base_length(const char *function)
{
	return strcspn(function, ".(<@");
}

/* `llvm::User::operator new(unsigned long)`, of a class or a namespace: "::operator new". */
static bool
is_method(const char *function, const char *name)
{
	const char *found = strstr(function, name);

	/* strchr finds the end of a name, too. */
	return found != NULL && strchr("([", found[strlen(name)]) != NULL;
}

static bool
is_rust_crate(const char *path)
{
	for (size_t i = 0; i < COUNT(rust_crates); i++)
		if (text_starts_with(path, rust_crates[i]))
			return true;
	return false;
}

/* What follows the brackets, pointers and qualifiers that a type of Rust begins with. */
static const char *
skip_rust_brackets(const char *type)
{
	static const char *const words[] = {"mut ", "const ", "dyn ", "impl "};

	for (size_t i = 0; i < COUNT(words); i++) {
		type += strspn(type, "<&*([");
		if (text_starts_with(type, words[i])) {
			type += strlen(words[i]);
			i = (size_t)-1;
		}
	}
	return type;
}

/* Where the " as " of "<TYPE as TRAIT>" is, or NULL. */
static const char *
find_rust_trait(const char *function)
{
	unsigned depth = 0;

	for (const char *at = function; *at != '\0'; at++) {
		if (*at == '<' || *at == '[' || *at == '(' || *at == '{')
			depth++;
		else if ((*at == '>' && at[-1] != '-') || *at == ']' || *at == ')' || *at == '}')
			depth -= depth > 0;
		if (depth == 0)
			return NULL;
		if (depth == 1 && text_starts_with(at, " as "))
			return at + strlen(" as ");
	}
	return NULL;
}

/*
 * "<std::fs::File as std::io::Read>::read" and "<[u8]>::to_vec" are of the library, as is what it
 * has for any T, "<T as alloc::string::ToString>::to_string"; "<r::Item as core::clone::Clone>" and
 * "<alloc::vec::Vec<T> as r::Shape>" are the user's.
 */
static bool
is_rust_method(const char *function)
{
	const char *type, *trait;

	if (function[0] != '<')
		return false;
	type = skip_rust_brackets(function);
	trait = find_rust_trait(function);
	/* Only the library gives methods of their own to types that have no path. */
	if (trait == NULL)
		return is_rust_crate(type) || type[strcspn(type, ":>")] != ':';
	return is_rust_crate(trait) && (is_rust_crate(type) || type[strcspn(type, ": ")] != ':');
}

static bool
is_listed(const char *function)
{
	size_t length = base_length(function);

	for (size_t i = 0; i < COUNT(functions); i++) {
		if (function[0] == functions[i][0] &&
		    strncmp(function, functions[i], length) == 0 && functions[i][length] == '\0')
			return true;
	}
	return false;
}

/* Whether the user has named it. */
static bool
is_given(const char *name, const struct wrapper_patterns *patterns)
{
	for (size_t i = 0; name && patterns && i < patterns->count; i++) {
		if (glob_match(patterns->globs[i], name))
			return true;
	}
	return false;
}

bool
wrapper_match_python(const char *function, const struct wrapper_patterns *patterns)
{
	return is_given(function, patterns);
}

bool
wrapper_match_address(const char *module, uint64_t offset, const struct wrapper_patterns *patterns)
{
	struct buffer name = BUFFER_INIT;
	bool found;

	if (patterns == NULL || patterns->count == 0)
		return false;
	buffer_insert_format(&name, "%s+0x%" PRIx64, text_base_name(module), offset);
	found = is_given(buffer_string(&name), patterns);
	buffer_release(&name);
	return found;
}

static bool
match_function(const char *function, const struct wrapper_patterns *patterns)
{
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		if (text_starts_with(function, prefixes[i]))
			return true;
	}
	if (is_listed(function) || is_given(function, patterns))
		return true;
	return is_method(function, "::operator new") || is_method(function, "::allocate") ||
	       is_rust_method(function);
}

static bool
match_module(const char *module)
{
	const char *slash = strrchr(module, '/');
	const char *name = slash ? slash + 1 : module;

	for (size_t i = 0; i < COUNT(modules); i++) {
		if (text_starts_with(name, modules[i]))
			return true;
	}
	return false;
}

bool
wrapper_match(const char *function, const char *file, const char *module,
	      const struct wrapper_patterns *patterns)
{
	for (size_t i = 0; file && i < COUNT(paths); i++) {
		if (strstr(file, paths[i]))
			return true;
	}
	for (size_t i = 0; file && i < COUNT(path_starts); i++) {
		if (text_starts_with(file, path_starts[i]))
			return true;
	}
	if (function && match_function(function, patterns))
		return true;
	return module && match_module(module);
}

bool
wrapper_is_foreign(const char *function, const char *module)
{
	if (module == NULL || match_module(module))
		return true;
	return function != NULL && (text_starts_with(function, "operator new") ||
				    is_listed(function) || is_method(function, "::operator new"));
}
