/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/report_tables.h - which reading command offers which of the options that they share
 *
 * An option is one row, written once; what it says may differ by command. Its key is what
 * `report_options` parses it by. Keys of commands begin at 512, those of `graph_load` at 768.
 */
#ifndef REPORT_TABLES_H
#define REPORT_TABLES_H

#include <argp.h>

enum report_option {
	REPORT_OPTION_ROWS = 'n',
	REPORT_OPTION_OUTPUT = 'o',
	REPORT_OPTION_FORCE = 'f',
	REPORT_OPTION_BY = 256,
	REPORT_OPTION_AT,
	REPORT_OPTION_SORT,
	REPORT_OPTION_INCLUDE,
	REPORT_OPTION_EXCLUDE,
	REPORT_OPTION_FILTER_FILE,
	REPORT_OPTION_SUPPRESSIONS,
	REPORT_OPTION_ANY_FRAME,
	REPORT_OPTION_CUMULATIVE,
	REPORT_OPTION_RAW_FRAMES,
	REPORT_OPTION_WRAPPER,
	REPORT_OPTION_PROCESS,
	REPORT_OPTION_FORMAT,
	REPORT_OPTION_LIMIT,
	REPORT_OPTION_RECENT_LAST,
	REPORT_OPTION_FULL_NAMES,
	REPORT_OPTION_COLOR,
	REPORT_OPTION_DEBUGINFOD,
};

/* Each ends with a row of zeros. The text of --format stands for one that is made by kind. */
extern const struct argp_option report_table_top[], report_table_diff[], report_table_blocks[],
	report_table_block[], report_table_annotate[], report_table_timeline[],
	report_table_growth[], report_table_leaks[], report_table_retained[], report_table_refs[],
	report_table_info[], report_table_export[], report_table_page[], report_table_resident[],
	report_table_list[];

#endif
