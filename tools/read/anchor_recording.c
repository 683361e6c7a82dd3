/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "read/anchor_recording.h"

#include <inttypes.h>
#include <stdlib.h>

#include "image/image.h"
#include "read/locate.h"
#include "read/snapshot.h"
#include "read/snapshot_anchor.h"
#include "read/source.h"
#include "util/text.h"
#include "util/xalloc.h"

static bool
is_recording_of(const char *path, const struct snapshot_anchor *anchor)
{
	struct snapshot_identity identity;

	return snapshot_identify(path, SNAPSHOT_ANY_OWNER, &identity) == 0 &&
	       identity.pid == anchor->pid &&
	       identity.start_realtime_ns == anchor->start_realtime_ns;
}

/* The core says which files were mapped, the recording among them. */
static char *
find_mapped(const struct image *image, const struct snapshot_anchor *anchor)
{
	array_each (&image->mappings, mapping)
		if (mapping->is_file && mapping->writable && !mapping->is_device &&
		    is_recording_of(mapping->name, anchor))
			return xstrdup(mapping->name);
	return NULL;
}

static char *
find_listed(const struct snapshot_anchor *anchor)
{
	struct recording_list list;
	char *path = NULL;

	locate_all(&list);
	for (size_t i = 0; i < list.count && path == NULL; i++)
		if (is_recording_of(list.files[i].path, anchor))
			path = xstrdup(list.files[i].path);
	recording_list_release(&list);
	return path;
}

/* One that lies anywhere, of a process that lives. */
static char *
find_living(const struct snapshot_anchor *anchor)
{
	char *path;

	if (locate_process((pid_t)anchor->pid, &path) != 0)
		return NULL;
	if (is_recording_of(path, anchor))
		return path;
	free(path);
	return NULL;
}

/* The newest tally of this folder may be that of the run. */
static char *
find_tally(const struct snapshot_anchor *anchor)
{
	char *process = xasprintf("%" PRIu32, anchor->pid), *path = NULL, *why = NULL;
	const struct source_request request = {.process = process};
	struct source source;

	if (source_read(&request, &source, &why) == 0) {
		if (source.profile->start_realtime_ns == anchor->start_realtime_ns)
			path = xstrdup(source.path);
		source_release(&source);
	}
	free(why);
	free(process);
	return path;
}

char *
anchor_recording_find(const struct image *image, const struct snapshot_anchor *anchor)
{
	char *path = find_mapped(image, anchor);

	if (path == NULL)
		path = find_listed(anchor);
	if (path == NULL)
		path = find_living(anchor);
	if (path == NULL)
		path = find_tally(anchor);
	return path;
}
