/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * runpath_plugin.c - scenario 10: a plugin found through somebody's RUNPATH
 *
 * Compiled with WHOAMI, so that several directories hold plugins of one name.
 */
#include "config.h"

#include <dlfcn.h>
#include <stdlib.h>

const char *whoami(void);
const char *shared_name(void);
const char *through_plugin(void);

const char *
whoami(void)
{
	return WHOAMI;
}

const char *
shared_name(void)
{
	return "plugin";
}

/* Through the PLT: with RTLD_DEEPBIND the plugin's own, else the first in the global scope. */
const char *
through_plugin(void)
{
	free(malloc(10));
	return shared_name();
}
