/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* data.js - what the page was given, and its numbers as trees and tables */

const raw = JSON.parse(document.getElementById("data").textContent);
const isDiff = raw.sides.length === 2;
const side = raw.sides[raw.sides.length - 1];
const nodeCount = raw.nodes.parent.length;
const lineCount = raw.lines.place.length;
/* Of names that never end, the innermost callers are enough. */
const DISPLAY_NODES_MOST = 60000;

/* --- numbers --- */

function expand(sparse, count) {
	const values = new Float64Array(count);
	let at = 0;

	for (let i = 0; i < sparse.length; i += 2) {
		at += sparse[i];
		values[at] = sparse[i + 1];
	}
	return values;
}

/* A list of numbers of a column: "bytes", "blocks", "lineBytes" or "lineBlocks". */
function getValues(column, name) {
	const count = name.startsWith("line") ? lineCount + 1 : 2 * nodeCount + 1;

	column.expanded = column.expanded || {};
	if (!column.expanded[name])
		column.expanded[name] = expand(column[name] || [], count);
	return column.expanded[name];
}

function findColumn(metric, sideNumber, moment) {
	return raw.columns.find((column) => column.metric === metric && column.side === sideNumber &&
		(moment === undefined || column.moment === moment));
}

const METRICS = [
	{ id: "peak", title: "Peak", column: "peak", unit: "bytes", what: "live at the peak of the whole program" },
	{ id: "live", title: "Live", column: "live", unit: "bytes", what: "live at the chosen moment" },
	{ id: "total", title: "Total", column: "total", unit: "bytes", what: "all that was ever allocated" },
	{ id: "allocations", title: "Allocations", column: "total", unit: "blocks", what: "calls that allocated" },
	{ id: "temporary", title: "Temporary", column: "temporary", unit: "blocks",
		what: "blocks that were freed before the thread allocated again" },
	{ id: "lost", title: "Lost", column: "lost", unit: "bytes", what: "what nothing pointed at any more when it was last looked at" },
	{ id: "growth", title: "Growth", column: "live", unit: "bytes", what: "live at the second moment, less the first" },
];

/* What is on show: the numbers now, and those before when two are compared. */
function getSelection(state) {
	const metric = METRICS.find((one) => one.id === state.metric);
	let now, before = null;

	if (isDiff) {
		now = findColumn(metric.column, 1);
		before = findColumn(metric.column, 0);
	} else if (metric.id === "growth") {
		now = findColumn("live", 0, state.to);
		before = findColumn("live", 0, state.from);
	} else {
		now = findColumn(metric.column, 0, metric.column === "live" ? state.moment : undefined);
	}
	const get = (column, name) => column ? getValues(column, name) : null;
	const main = metric.unit === "bytes" ? "bytes" : "blocks";
	const lines = metric.unit === "bytes" ? "lineBytes" : "lineBlocks";
	return {
		metric, compares: before !== null,
		now: get(now, main), before: get(before, main),
		blocks: get(now, "blocks"), blocksBefore: get(before, "blocks"),
		lineNow: get(now, lines), lineBefore: get(before, lines),
		lineBlocks: get(now, "lineBlocks"), lineBlocksBefore: get(before, "lineBlocks"),
	};
}

/* --- places --- */

const KINDS = ["other", "own", "python", "none"];

function getPlace(number) {
	const [name, file, line, module, kind] = raw.places[number];

	return {
		name: raw.strings[name], file: raw.strings[file], line,
		module: raw.strings[module], kind: KINDS[kind],
	};
}

const places = raw.places.map((_place, number) => getPlace(number));

function baseName(path) {
	return path.slice(path.lastIndexOf("/") + 1);
}

function formatPosition(place) {
	if (place.file)
		return place.line ? place.file + ":" + place.line : place.file;
	return place.module;
}

/* What tells one frame from another beside it. */
function getFrameKey(place, byLine) {
	return byLine ? place.name + "\n" + place.file + "\n" + place.line + "\n" + place.module
		: place.name + "\n" + place.module;
}

/* --- numbers as people read them --- */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

function formatBytes(bytes) {
	let value = Math.abs(bytes), unit = 0;

	while (value >= 1023.95 && unit < UNITS.length - 1) {
		value /= 1024;
		unit++;
	}
	return (bytes < 0 ? "-" : "") + (unit === 0 ? String(value) : value.toFixed(1)) + " " + UNITS[unit];
}

function formatCount(count) {
	return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ",");
}

function formatBlocks(count) {
	return formatCount(count) + (count === 1 ? " block" : " blocks");
}

function formatValue(value, unit) {
	return unit === "bytes" ? formatBytes(value) : formatCount(value);
}

/* A minus of its own width, and a plus: the sign is the whole message where nothing else is seen. */
function formatChange(value, unit) {
	return (value > 0 ? "+" : value < 0 ? "\u2212" : "\u00b1") + formatValue(Math.abs(value), unit);
}

function formatShare(part, whole) {
	return whole > 0 ? (100 * part / whole).toFixed(1) + "\u00a0%" : "-";
}

function formatSeconds(seconds) {
	if (seconds === 0)
		return "0 s";
	if (seconds < 0.001)
		return (seconds * 1e6).toFixed(0) + " us";
	if (seconds < 1)
		return (seconds * 1000).toFixed(0) + " ms";
	if (seconds < 120)
		return seconds.toFixed(1) + " s";
	if (seconds < 7200)
		return Math.floor(seconds / 60) + " min " + Math.floor(seconds % 60) + " s";
	return Math.floor(seconds / 3600) + " h " + Math.floor(seconds / 60 % 60) + " min";
}

/* --- the tree on show --- */

function newFrame(parent, key, place) {
	return {
		parent, key, place, children: new Map(), sorted: null, depth: parent ? parent.depth + 1 : 0,
		now: 0, before: 0, weight: 0, blocks: 0, blocksBefore: 0, ownNow: 0, ownBefore: 0, cut: 0,
	};
}

function getChild(tree, frame, key, place) {
	let child = frame.children.get(key);

	if (!child) {
		child = newFrame(frame, key, place);
		frame.children.set(key, child);
		tree.frames.push(child);
	}
	return child;
}

/* Numbers of one bucket, to a frame itself; its callers get them later. */
function addTo(frame, selection, bucket, isOwn) {
	const now = selection.now ? selection.now[bucket] : 0;
	const before = selection.before ? selection.before[bucket] : 0;

	frame.now += now;
	frame.before += before;
	frame.weight += Math.max(0, now, before);
	frame.blocks += selection.blocks ? selection.blocks[bucket] : 0;
	frame.blocksBefore += selection.blocksBefore ? selection.blocksBefore[bucket] : 0;
	if (isOwn) {
		frame.ownNow += now;
		frame.ownBefore += before;
	}
}

/* A block may have no bytes, and is one all the same. */
function isZero(selection, bucket) {
	return [selection.now, selection.before, selection.blocks, selection.blocksBefore].every(
		(values) => !(values && values[bucket]));
}

const REST_KEY = "\0rest"; // no name has a NUL
const REST = { name: "smaller ones", file: "", line: 0, module: "", kind: "none" };

function addRest(tree, frame, selection, bucket, cut) {
	if (isZero(selection, bucket))
		return;
	const rest = getChild(tree, frame, REST_KEY, REST);

	rest.cut += cut;
	addTo(rest, selection, bucket, true);
}

function plantForward(tree, selection, byLine) {
	for (let i = 0; i < nodeCount; i++) {
		const place = places[raw.nodes.place[i]];
		const parent = raw.nodes.parent[i] < 0 ? tree.root : tree.ofNode[raw.nodes.parent[i]];
		const frame = getChild(tree, parent, getFrameKey(place, byLine), place);

		tree.ofNode[i] = frame;
		addTo(frame, selection, i, true);
		addRest(tree, frame, selection, nodeCount + i, raw.nodes.cut[i]);
	}
	addRest(tree, tree.root, selection, 2 * nodeCount, raw.nodes.cut[nodeCount]);
}

/* From what allocates out to who calls it. */
function plantCallers(tree, selection, byLine) {
	for (let i = 0; i < nodeCount; i++) {
		let frame = tree.root;

		addRest(tree, tree.root, selection, nodeCount + i, raw.nodes.cut[i]);
		if (isZero(selection, i))
			continue;
		for (let at = i; at >= 0 && tree.frames.length < DISPLAY_NODES_MOST; at = raw.nodes.parent[at]) {
			const place = places[raw.nodes.place[at]];

			frame = getChild(tree, frame, getFrameKey(place, byLine), place);
		}
		tree.ofNode[i] = frame;
		addTo(frame, selection, i, false);
	}
	addRest(tree, tree.root, selection, 2 * nodeCount, raw.nodes.cut[nodeCount]);
}

/* What is called was made after its caller, so one walk back adds up everything. */
function addUp(tree) {
	for (let i = tree.frames.length - 1; i > 0; i--) {
		const frame = tree.frames[i], parent = frame.parent;

		for (const name of ["now", "before", "weight", "blocks", "blocksBefore"])
			parent[name] += frame[name];
	}
	for (const frame of tree.frames)
		frame.sorted = [...frame.children.values()].filter((child) => child.weight > 0).sort((a, b) =>
			(a.key === REST_KEY) - (b.key === REST_KEY) || b.weight - a.weight || (a.key < b.key ? -1 : 1));
}

function plant(state, selection) {
	const root = newFrame(null, "", { name: "all", file: "", line: 0, module: "", kind: "none" });
	const tree = { root, frames: [root], ofNode: new Array(nodeCount).fill(null) };

	(state.shape === "callers" ? plantCallers : plantForward)(tree, selection, state.frames === "line");
	addUp(tree);
	return tree;
}

/* --- rows of the table --- */

function getRowKey(place, by) {
	switch (by) {
	case "function":
		return place.name;
	case "file":
		return place.file || place.module || place.name;
	case "module":
		return place.module || place.name;
	default:
		return place.file && place.line ? place.file + ":" + place.line : place.name + "\n" + place.module;
	}
}

function addRow(rows, key, place, now, before, blocks, blocksBefore) {
	let row = rows.get(key);

	if (!row) {
		row = { key, place, now: 0, before: 0, blocks: 0, blocksBefore: 0 };
		rows.set(key, row);
	}
	row.now += now;
	row.before += before;
	row.blocks += blocks;
	row.blocksBefore += blocksBefore;
}

/* All lines of the program; these are exact. */
function makeRowsOfAll(selection, by) {
	const rows = new Map();
	const get = (values, index) => values ? values[index] : 0;

	for (let i = 0; i <= lineCount; i++) {
		const place = i < lineCount ? places[raw.lines.place[i]] : REST;

		addRow(rows, i < lineCount ? getRowKey(place, by) : REST_KEY, place,
			get(selection.lineNow, i), get(selection.lineBefore, i),
			get(selection.lineBlocks, i), get(selection.lineBlocksBefore, i));
	}
	return [...rows.values()];
}

/* The sites below one frame of the tree. */
function makeRowsBelow(tree, selection, top, by) {
	const rows = new Map(), inside = new Set();
	const get = (values, index) => values ? values[index] : 0;
	const add = (bucket, key, place) => addRow(rows, key, place, get(selection.now, bucket),
		get(selection.before, bucket), get(selection.blocks, bucket), get(selection.blocksBefore, bucket));

	for (const frame of tree.frames)
		if (frame === top || inside.has(frame.parent))
			inside.add(frame);
	for (let i = 0; i < nodeCount; i++) {
		if (!inside.has(tree.ofNode[i]))
			continue;
		const place = places[raw.nodes.place[i]];

		add(i, getRowKey(place, by), place);
		if (tree.isForward)
			add(nodeCount + i, REST_KEY, REST);
	}
	return [...rows.values()];
}

function makeRows(tree, selection, top, by) {
	const rows = top === tree.root ? makeRowsOfAll(selection, by) : makeRowsBelow(tree, selection, top, by);

	if (selection.compares)
		return rows.filter((row) => row.now !== row.before || row.blocks !== row.blocksBefore);
	return rows.filter((row) => row.now !== 0 || row.blocks !== 0);
}

/* --- search --- */

/* Words that are in a name or a position; between slashes, a regular expression. */
function makeMatcher(text) {
	const pattern = /^\/(.+)\/$/.exec(text);

	if (text === "")
		return null;
	if (pattern) {
		try {
			const expression = new RegExp(pattern[1], "i");

			return (place) => expression.test(place.name) || expression.test(formatPosition(place));
		} catch (_error) {
			return () => false;
		}
	}
	const wanted = text.toLowerCase();

	return (place) => (place.name + "\n" + formatPosition(place) + "\n" + place.module).toLowerCase().includes(wanted);
}
