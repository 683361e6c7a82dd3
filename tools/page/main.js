/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* main.js - what the user chose, and everything that follows from it */

const get = (id) => document.getElementById(id);
const lastMoment = side.moments.length - 1;

const state = {
	metric: side.atPeak ? "peak" : "live",
	moment: side.atNumber,                      /* the number of a moment, as in snap:N */
	from: side.moments[0].number,
	to: side.moments[lastMoment].number,
	shape: "icicle",
	frames: "function",
	search: "",
	zoom: [],                                   /* keys of frames, from the outermost on */
	by: "line",
	sort: null,
	showsAll: false,
	showsResident: false,
};

let tree, selection, selected = null;

/* --- what does not change --- */

function addText(parent, tag, text, className) {
	const element = document.createElement(tag);

	element.textContent = text;
	if (className)
		element.className = className;
	parent.append(element);
	return element;
}

function describeSide(one) {
	const facts = [
		`${one.state}, ${formatSeconds(one.seconds)}`,
		`peak ${formatBytes(one.peak)}`,
		`${one.state === "running" ? "live now" : "not freed"} ${formatBytes(one.live)} in ${formatBlocks(one.liveBlocks)}`,
		`allocated ${formatBytes(one.total)} in ${formatCount(one.totalBlocks)} ${one.totalBlocks === 1 ? "call" : "calls"}`,
		`${formatCount(one.temporary)} temporary`,
	];

	if (one.kept > 0)
		facts.push(`system libraries keep ${formatBytes(one.kept)} by design`);
	if (one.lost !== undefined)
		facts.push(`lost ${formatBytes(one.lost)} in ${formatBlocks(one.lostBlocks)}`);
	if (one.resident > 0)
		facts.push(`resident at most ${formatBytes(one.resident)}`);
	return facts.join(" \u00b7 ");
}

function writeHead() {
	get("title").textContent = isDiff ? `${raw.sides[0].command} ${raw.sides[0].pid} and ${side.command} ${side.pid}`
		: `${side.command} ${side.pid}`;
	get("facts").textContent = "";
	raw.sides.forEach((one, index) => {
		const line = addText(get("facts"), "span", "", "side");

		if (isDiff)
			addText(line, "b", index === 0 ? "before: " : "now: ");
		line.append(isDiff ? `${one.operand}, ${one.at} \u00b7 ` : "", describeSide(one));
		for (const trouble of one.troubles)
			addText(get("troubles"), "li", trouble);
	});
	get("troubles").hidden = get("troubles").children.length === 0;
	get("reload").hidden = !raw.isLive;
	get("reload").addEventListener("click", () => location.reload());
}

function writeFooter() {
	const footer = get("footer");

	raw.sides.forEach((one) => addText(footer, "p", one.quality));
	if (raw.filtered)
		addText(footer, "p", "Only stacks that pass the filters are counted in the graph and the table.");
	if (raw.processes > 1)
		addText(footer, "p", `This is one of ${raw.processes} processes of the recording.`);
	addText(footer, "p", "Stacks below 0.05 % of everything are summed up as smaller ones, and the smallest of more than the page holds; sums are exact. " +
		`Started ${new Date(side.started * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC. ` +
		`Written by heaptally ${raw.version}.`);
}

function makeControls() {
	const hasGrowth = !isDiff && lastMoment > 0;

	for (const metric of METRICS) {
		const label = document.createElement("label"), input = document.createElement("input");

		if ((metric.id === "growth" && !hasGrowth) || !findColumn(metric.column, 0))
			continue;
		input.type = "radio";
		input.name = "metric";
		input.value = metric.id;
		input.checked = metric.id === state.metric;
		input.addEventListener("change", () => update({ metric: metric.id, sort: null }));
		label.title = metric.what;
		label.append(input, " " + metric.title);
		get("metrics").append(label);
	}
	for (const id of ["from", "to"])
		for (const moment of side.moments)
			get(id).append(new Option(`${moment.name}: ${formatBytes(moment.live)}`, String(moment.number)));
	get("moment").max = String(lastMoment);
	get("moment-label").hidden = isDiff || lastMoment === 0;
	get("resident-label").hidden = !side.curve.some((point) => point[2] > 0);
	for (const label of document.querySelectorAll("label.growth"))
		label.hidden = true;
}

/* --- what the user does --- */

function listen() {
	const choose = (id, name, also) => get(id).addEventListener("change", () => update({ [name]: get(id).value, ...also }));

	choose("shape", "shape", { zoom: [] });
	choose("frames", "frames", { zoom: [] });
	choose("by", "by");
	get("from").addEventListener("change", () => update({ from: Number(get("from").value) }));
	get("to").addEventListener("change", () => update({ to: Number(get("to").value) }));
	get("moment").addEventListener("input", () => pickMoment(Number(get("moment").value), false));
	get("resident").addEventListener("change", () => update({ showsResident: get("resident").checked }));
	get("search").addEventListener("input", () => update({ search: get("search").value.trim() }));
	get("reset").addEventListener("click", () => {
		get("search").value = "";
		update({ zoom: [], search: "" });
	});
	get("more").addEventListener("click", () => update({ showsAll: !state.showsAll }));
	window.addEventListener("resize", () => draw());
}

/* A moment is about what lives then: another metric gives way. */
function pickMoment(index, isFirst) {
	const { number } = side.moments[index];

	if (state.metric === "growth")
		update(isFirst ? { from: number } : { to: number });
	else if (isFirst && lastMoment > 0)
		update({ metric: "growth", from: number, to: state.moment, sort: null });
	else
		update({ metric: "live", moment: number, sort: null });
}

function zoomTo(frame) {
	const path = [];

	for (let at = frame; at.parent; at = at.parent)
		path.unshift(at.key);
	update({ zoom: path });
}

/* --- what follows --- */

function findZoomed() {
	let frame = tree.root;

	for (const key of state.zoom) {
		const child = frame.children.get(key);

		if (!child || child.weight <= 0)
			break;
		frame = child;
	}
	return frame;
}

function showSource(parent, place) {
	const index = places.indexOf(place);
	const quoted = (raw.source || []).find((one) => one[0] === index);

	if (!quoted)
		return;
	const code = addText(parent, "pre", "", "source");

	quoted.slice(2).forEach((text, i) => {
		const number = quoted[1] + i;

		addText(code, number === place.line ? "mark" : "span", String(number).padStart(5) + "  " + text + "\n");
	});
}

function showDetails(frame) {
	const details = get("details"), unit = selection.metric.unit;
	const { place } = frame;
	const list = document.createElement("dl");
	const add = (name, value) => {
		addText(list, "dt", name);
		addText(list, "dd", value);
	};

	selected = frame;
	details.textContent = "";
	addText(details, "h3", frame.key === REST_KEY ? formatCount(frame.cut) + " smaller stacks" : place.name);
	if (selection.compares) {
		add("change", formatChange(frame.now - frame.before, unit));
		add("now", formatValue(frame.now, unit));
		add("before", formatValue(frame.before, unit));
	} else {
		add("size", `${formatValue(frame.now, unit)}, ${formatShare(frame.now, tree.root.now)}`);
		if (unit === "bytes")
			add("blocks", formatCount(frame.blocks));
		if (state.shape !== "callers")
			add("allocated here", formatValue(frame.ownNow, unit));
	}
	if (place.file)
		add(state.frames === "line" ? "line" : "for example", formatPosition(place));
	if (place.module)
		add("module", place.module);
	details.append(list);
	showSource(details, place);
}

const graph = new FlameGraph(get("graph"), zoomTo, showDetails);
const chart = new Chart(get("chart"), pickMoment);
const table = new Table(get("table"), {
	onSort: (sort) => update({ sort }),
	onChoose: (row) => {
		const text = state.by === "file" || state.by === "module" ? row.key : row.place.name;

		get("search").value = state.search === text ? "" : text;
		update({ search: get("search").value });
	},
});

function getMoment(number) {
	return side.moments.findIndex((moment) => moment.number === number);
}

/* The last that is known of then: all, and its parts, the largest first. */
function describeResident(one, seconds) {
	const [at, all, ...bytes] = one.residents.filter((resident) => resident[0] <= seconds).pop();
	const parts = one.parts.map((name, index) => [bytes[index], name]).filter(([size]) => size > 0).sort((a, b) => b[0] - a[0]);

	return `${formatBytes(all)} resident at ${formatSeconds(at)}: ` +
		parts.map(([size, name]) => `${name} ${formatBytes(size)}`).join(" \u00b7 ");
}

function writeResident() {
	const isGrowth = state.metric === "growth";
	const until = isDiff ? Infinity : side.moments[getMoment(isGrowth ? state.to : state.moment)].seconds;

	get("parts").textContent = "";
	raw.sides.forEach((one, index) => {
		if (!one.residents.some((resident) => resident[0] <= until))
			return;
		const line = addText(get("parts"), "p", "");

		if (isDiff)
			addText(line, "b", index === 0 ? "before: " : "now: ");
		line.append(describeResident(one, until));
	});
}

function drawTimeline() {
	const isGrowth = state.metric === "growth";
	const index = getMoment(state.moment);
	const chosen = isGrowth ? [getMoment(state.from), getMoment(state.to)] : state.metric === "live" ? [index] : [];
	const legend = isDiff ? "Solid: now. Dashed: before." : lastMoment > 0
		? "Each point is a moment of which all stacks are known: click one to see what lived then; with Shift, what grew since."
		: "All stacks are known of the peak and of the end: heaptally run --every 1 notes more moments.";

	for (const label of document.querySelectorAll("label.growth"))
		label.hidden = !isGrowth;
	get("moment-label").hidden = isDiff || lastMoment === 0 || isGrowth;
	get("from").value = String(state.from);
	get("to").value = String(state.to);
	get("moment").value = String(index);
	get("moment-name").textContent = `${side.moments[index].name}: ${formatBytes(side.moments[index].live)}`;
	get("moment").setAttribute("aria-valuetext", get("moment-name").textContent);
	get("legend").textContent = legend + (state.showsResident ? " Dotted: resident memory." : "");
	writeResident();
	chart.draw(chosen, state.showsResident);
}

function describeSelection(top) {
	const { metric } = selection, unit = metric.unit;
	let text;

	if (selection.compares)
		text = `${metric.title}: ${formatValue(top.before, unit)} before, ${formatValue(top.now, unit)} now, ` +
			formatChange(top.now - top.before, unit);
	else
		text = `${metric.title}: ${formatValue(top.now, unit)}${unit === "bytes" ? ` in ${formatBlocks(top.blocks)}` : ""}` +
			`${metric.id === "live" ? ", " + side.moments[getMoment(state.moment)].name : ""}`;
	if (top !== tree.root)
		text += `, in ${top.key === REST_KEY ? "smaller stacks" : top.place.name}` +
			(selection.compares ? "" : `, ${formatShare(top.now, tree.root.now)} of all`);
	return text;
}

function drawTable(top, matcher) {
	const rows = makeRows(tree, selection, top, state.by);
	const count = table.draw(rows, selection, {
		by: state.by, matcher, showsAll: state.showsAll,
		sort: state.sort || (selection.compares ? "change" : "now"),
	});

	get("caption").textContent = describeSelection(top);
	get("table-status").textContent = count === 0 ? "Nothing is left." : "";
	get("more").hidden = count <= ROWS_SHOWN;
	get("more").textContent = state.showsAll ? `Show ${ROWS_SHOWN}` : `Show all ${formatCount(count)}`;
}

function draw() {
	const matcher = makeMatcher(state.search);

	selection = getSelection(state);
	tree = plant(state, selection);
	tree.isForward = state.shape !== "callers";
	const top = findZoomed();
	let text = describeSelection(top);

	if (matcher) {
		const found = sumMatches(tree, matcher);

		text += `. ${formatCount(found.count)} frame${found.count === 1 ? "" : "s"} match, with ` +
			`${formatShare(found.weight, tree.root.weight)} of all`;
	}
	get("status").textContent = text + ".";
	get("graph").className = state.shape;
	graph.draw(tree, top, selection, state.shape, matcher);
	drawTimeline();
	drawTable(top, matcher);
	if (top !== tree.root || selected)
		showDetails(top);
}

function update(changes) {
	Object.assign(state, changes);
	for (const input of document.querySelectorAll("input[name=metric]"))
		input.checked = input.value === state.metric;
	draw();
}

writeHead();
writeFooter();
makeControls();
listen();
draw();
document.documentElement.dataset.ready = "yes";
