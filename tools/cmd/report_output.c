/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/report_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "util/error.h"

static bool
is_stdout(const struct report_output *output)
{
	return output->path == NULL || strcmp(output->path, "-") == 0;
}

/* inputs is the storage of what the rule points to. */
static struct output_rule
get_rule(const struct report_output *output, const char *inputs[2])
{
	inputs[0] = output->input;
	inputs[1] = output->other_input;
	return (struct output_rule){
		.magic = output->magic,
		.kind = output->kind,
		.force = output->force,
		.inputs = inputs,
		.input_count = 2,
	};
}

static void
refuse(const struct report_output *output, int error, const char *why)
{
	if (why != NULL)
		die(COMMAND_TROUBLE, "%s", why);
	die_errno(COMMAND_TROUBLE, error, "%s", output->path);
}

void
report_output_check(const struct report_output *output)
{
	const char *inputs[2];
	struct output_rule rule = get_rule(output, inputs);
	char *why = NULL;
	int result;

	if (is_stdout(output))
		return;
	result = output_check(output->path, &rule, &why);
	if (result != 0)
		refuse(output, result, why);
}

void
report_output_open(struct report_output *output, enum term_color color, struct term *ret_term)
{
	const char *inputs[2];
	struct output_rule rule = get_rule(output, inputs);
	char *why = NULL;
	FILE *stream = stdout;
	int result, copy;

	if (!is_stdout(output)) {
		result = output_begin(output->path, &rule, &output->file, &why);
		if (result != 0)
			refuse(output, result, why);
		copy = fcntl(output->file.fd, F_DUPFD_CLOEXEC, 0);
		stream = copy < 0 ? NULL : fdopen(copy, "w");
		if (stream == NULL)
			refuse(output, errno, NULL);
	}
	term_init(ret_term, stream, color);
	if (!output->folds || ret_term->width == 0)
		return;
	stream = open_memstream(&output->text, &output->text_bytes);
	if (stream != NULL)
		ret_term->stream = stream;
}

/* What a view has not made to fit is parted at blanks, not in the middle of words. */
static void
fold(struct report_output *output, struct term *term)
{
	if (fclose(term->stream) != 0)
		die_errno(COMMAND_TROUBLE, errno, "standard output");
	term->stream = stdout;
	term_fold(stdout, output->text, term->width);
	free(output->text);
	output->text = NULL;
}

/* Some files are read only while a report is written, such as sources. */
static void
judge_again(struct report_output *output)
{
	const char *inputs[2];
	struct output_rule rule = get_rule(output, inputs);
	char *why = NULL;
	int result = output_check(output->path, &rule, &why);

	if (result == 0)
		return;
	output_abandon(&output->file);
	refuse(output, result, why);
}

void
report_output_close(struct report_output *output, struct term *term)
{
	int error = 0;

	if (is_stdout(output) && term->stream != stdout)
		fold(output, term);
	if (is_stdout(output)) {
		report_output_finish();
		return;
	}
	if (ferror(term->stream))
		error = errno != 0 ? errno : EIO;
	if (fclose(term->stream) != 0)
		error = errno;
	if (error == 0)
		judge_again(output);
	if (error == 0)
		error = output_commit(&output->file);
	else
		output_abandon(&output->file);
	if (error != 0)
		refuse(output, error, NULL);
}

void
report_output_finish(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		die_errno(COMMAND_TROUBLE, errno, "standard output");
}
