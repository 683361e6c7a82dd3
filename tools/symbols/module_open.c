/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "symbols/module_open.h"

#include <stdlib.h>

#include "model/profile.h"
#include "symbols/debuginfo.h"
#include "symbols/module_file.h"

/* One that is loaded is more likely than one that was. */
uint32_t
module_find(const struct profile *profile, uint64_t address)
{
	uint32_t found = PROFILE_NO_MODULE;

	for (uint32_t i = 0; i < profile->module_count; i++) {
		const struct profile_module *module = &profile->modules[i];

		if (address >= module->start && address < module->end &&
		    (found == PROFILE_NO_MODULE || !module->unloaded))
			found = i;
	}
	return found;
}

struct debuginfo *
module_open(struct module_files *files, const struct profile_module *module, bool online)
{
	struct debuginfo *debuginfo = NULL;
	size_t index = 0;
	int error;
	char *path;

	while (debuginfo == NULL &&
	       (path = module_files_next(files, module, &index, &error)) != NULL) {
		if (debuginfo_open(path, module->build_id, module->build_id_bytes, online,
				   &debuginfo) != 0)
			debuginfo = NULL;
		free(path);
	}
	return debuginfo;
}
