/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/graph_ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "cmd/command.h"
#include "cmd/graph_outside.h"
#include "read/look.h"
#include "read/snapshot.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/human.h"
#include "util/xalloc.h"
#include "view/leaks.h"

#define PAUSE_MOST_NS (CLOCK_SECOND_NS / 10) /* without --yes */

/* What to do instead, to be put behind why there is no answer. To free. */
static char *
make_offer(const struct graph_ask *ask)
{
	if (ask->command == NULL)
		return xstrdup("");
	return xasprintf("; `heaptally %s --outside %s%s%s` reads its memory without its help",
			 ask->command, ask->operand, ask->rest != NULL ? " " : "",
			 ask->rest != NULL ? ask->rest : "");
}

/* End the command with why there is no answer. */
static _Noreturn void
refuse(const struct graph_ask *ask, const struct request_answer *answer, const char *why)
{
	die(COMMAND_NO_ANSWER, "%s %u: there is no answer: %s%s", answer->command, answer->pid, why,
	    make_offer(ask));
}

static void
check_answer(const struct graph_ask *ask, const struct request_answer *answer)
{
	char wait[HUMAN_BYTES], line[160];

	switch (answer->outcome) {
	case REQUEST_IS_DONE:
		break;
	case REQUEST_IS_PENDING:
		snprintf(line, sizeof(line), "it %shas neither allocated nor freed for %s (--wait)",
			 answer->is_stopped ? "is stopped and " : "",
			 human_duration(ask->wait_ns, wait));
		refuse(ask, answer, line);
	case REQUEST_IS_BEHIND:
		refuse(ask, answer, "it has not carried out an earlier request yet");
	case REQUEST_IS_LOCKED:
		refuse(ask, answer, "another heaptally is sending it a request");
	case REQUEST_IS_LATE:
		die(COMMAND_NO_ANSWER, "%s %u: there is no answer: it ended first", answer->command,
		    answer->pid);
	case REQUEST_IS_REFUSED:
		refuse(ask, answer, "its tables are busy");
	}
	if (answer->look_error != 0)
		refuse(ask, answer, view_leaks_explain(answer->look_error));
}

/* Of all looks of this command, which alone knows it. */
static uint32_t
make_key(void)
{
	uint32_t key;

	if (getrandom(&key, sizeof(key), GRND_NONBLOCK) != (ssize_t)sizeof(key))
		key = (uint32_t)clock_get_ns(CLOCK_MONOTONIC);
	return key != 0 ? key : 1;
}

static void
look_once(const struct graph_ask *ask, uint32_t key, struct graph *ret_graph)
{
	struct request_answer answer = {0};
	int result = look_make(ask->recording, ask->wait_ns, key, &answer, ret_graph);

	if (result == -ESRCH)
		die(COMMAND_NO_ANSWER, "%s: the process ended", ask->operand);
	if (result == -EPERM)
		die(COMMAND_TROUBLE, "%s: belongs to another user", ask->operand);
	if (result == -ECHILD)
		refuse(ask, &answer, "the copy of it that looked was killed");
	if (result != 0)
		die_errno(COMMAND_NO_ANSWER, result, "%s: there is no answer", ask->operand);
	check_answer(ask, &answer);
	if (ret_graph->error != 0)
		refuse(ask, &answer, view_leaks_explain(ret_graph->error));
}

static void
make_look(const struct graph_ask *ask, uint32_t key, struct graph *ret_graph)
{
	if (ask->outside)
		graph_outside_look(ask->recording, ask->operand, ret_graph);
	else
		look_once(ask, key, ret_graph);
}

static void
check_danger(const struct graph_ask *ask, const struct snapshot_identity *identity)
{
	uint64_t pause_ns;
	char *danger = NULL, *warning, text[HUMAN_BYTES];

	/* Neither what it may not do nor its copy can be seen from here. */
	if (!identity->this_namespace)
		die(COMMAND_NO_ANSWER,
		    "%s is of another namespace of process numbers, in which it has to be asked",
		    ask->operand);
	danger = look_find_danger((pid_t)identity->pid, &pause_ns, &warning);
	if (danger != NULL)
		die(COMMAND_NO_ANSWER, "%s %u is not asked: %s%s", identity->command, identity->pid,
		    danger, make_offer(ask));
	if (pause_ns > PAUSE_MOST_NS && !ask->yes)
		die(COMMAND_NO_ANSWER,
		    "%s %u would be paused for about %s for each look; --yes allows that%s",
		    identity->command, identity->pid, human_duration(pause_ns, text),
		    make_offer(ask));
	if (warning != NULL)
		warn("warning: %s %u: %s", identity->command, identity->pid, warning);
	free(warning);
}

unsigned
graph_ask_look(const struct graph_ask *ask, struct graph *ret_graphs)
{
	struct timespec settle = clock_to(ask->settle_ns);
	struct snapshot_identity identity;
	uint32_t key = 0;

	if (snapshot_identify(ask->recording, SNAPSHOT_ANY_OWNER, &identity) != 0 ||
	    !identity.readable || !identity.alive)
		return 0;
	if (!ask->outside)
		check_danger(ask, &identity);
	if (ask->settle_ns != 0)
		key = make_key();
	make_look(ask, key, &ret_graphs[0]);
	if (ask->settle_ns == 0)
		return 1;
	nanosleep(&settle, NULL);
	make_look(ask, key, &ret_graphs[1]);
	return 2;
}
