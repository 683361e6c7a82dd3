/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/snapshot_output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "model/profile.h"
#include "read/graph_file.h"
#include "read/source.h"
#include "read/tally.h"
#include "util/error.h"
#include "util/output.h"

static int
write_tally(struct output *output, const struct profile *profile)
{
	struct tally_writer *writer = tally_writer_new(output->fd);
	int result = tally_writer_insert(writer, profile);

	if (result == 0)
		result = tally_writer_finish(writer);
	tally_writer_free(writer);
	if (result == 0)
		return output_commit(output);
	output_abandon(output);
	return result;
}

static void
die_of_output(const char *path, int error, const char *why)
{
	if (why != NULL)
		die(COMMAND_TROUBLE, "%s", why);
	die_errno(COMMAND_TROUBLE, error, "%s: cannot be written", path);
}

/* With one input. */
static struct output_rule
get_graph_rule(bool force, const char *const *inputs)
{
	return graph_file_extend_rule(
		(struct output_rule){.force = force, .inputs = inputs, .input_count = 1});
}

static void
check_graph(const char *tally, bool force, const char *const *inputs)
{
	struct output_rule rule = get_graph_rule(force, inputs);
	char *path = graph_file_make_path_beside(tally, 0), *why;
	int result = output_check(path, &rule, &why);

	if (result != 0)
		die_of_output(path, result, why);
	free(path);
}

bool
snapshot_output_is_stdout(const char *path)
{
	return path != NULL && strcmp(path, "-") == 0;
}

void
snapshot_output_check(const char *path, bool force, bool has_graph, const char *input)
{
	const char *const inputs[] = {input};
	struct output_rule rule = {
		.force = force,
		.no_stdout = isatty(STDOUT_FILENO) ? "standard output is a terminal" : NULL,
		.inputs = inputs,
		.input_count = 1,
	};
	char *why;
	int result = output_check(path, &rule, &why);

	if (result != 0)
		die_of_output(path, result, why);
	if (has_graph && !snapshot_output_is_stdout(path))
		check_graph(path, force, inputs);
}

void
snapshot_output_write(const char *path, bool force, const struct source *source)
{
	const char *const inputs[] = {source->path};
	struct output_rule rule = {.force = force, .inputs = inputs, .input_count = 1};
	struct output output;
	char *why;
	int result = output_begin(path, &rule, &output, &why);

	if (result == 0)
		result = write_tally(&output, source->profile);
	if (result != 0)
		die_of_output(path, result, why);
}

void
snapshot_output_write_graph(const char *tally, bool force, const struct source *source,
			    const struct graph *graph)
{
	const char *const inputs[] = {source->path};
	struct output_rule rule = get_graph_rule(force, inputs);
	char *path = graph_file_make_path_beside(tally, 0), *why = NULL;
	int result = graph_file_save(graph, path, &rule, &why);

	if (result != 0)
		die_of_output(path, result, why);
	free(path);
}
