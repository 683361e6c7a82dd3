/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* flame.js - the flame graph: frames as boxes as wide as what they hold */

const LEAST_PIXELS = 0.6;

function hashName(text) {
	let hash = 0;

	for (let i = 0; i < text.length; i++)
		hash = (hash * 31 + text.charCodeAt(i)) | 0;
	return Math.abs(hash);
}

function describeFrame(frame, selection, whole) {
	const unit = selection.metric.unit;
	const name = frame.key === REST_KEY ? formatCount(frame.cut) + " smaller ones" : frame.place.name;
	const share = formatShare(frame.weight, whole);

	if (!selection.compares)
		return name + ", " + formatValue(frame.now, unit) + ", " + share;
	return name + ", " + formatChange(frame.now - frame.before, unit) + ", now " + formatValue(frame.now, unit) +
		", before " + formatValue(frame.before, unit);
}

/* How a frame changed, in a word that is a class of its box and a mark of its label. */
function getChangeClass(frame) {
	const change = frame.now - frame.before;

	if (change === 0)
		return "same";
	return change > 0 ? "more" : "less";
}

function getLabel(frame, selection) {
	const name = frame.key === REST_KEY ? "(" + formatCount(frame.cut) + " smaller)" : frame.place.name;

	if (!selection.compares || frame.now === frame.before)
		return name;
	const mark = frame.before === 0 ? "new " : frame.now === 0 ? "gone " : "";

	return mark + formatChange(frame.now - frame.before, selection.metric.unit) + " " + name;
}

/*
 * A graph in an element. `onZoom` is told which frame fills the width, `onSelect` which one is
 * looked at.
 */
class FlameGraph {
	constructor(element, onZoom, onSelect) {
		this.element = element;
		this.onZoom = onZoom;
		this.onSelect = onSelect;
		this.frameOfBox = new Map();
		this.boxOfFrame = new Map();
		element.addEventListener("click", (event) => this.handlePointer(event, true));
		element.addEventListener("mouseover", (event) => this.handlePointer(event, false));
		element.addEventListener("focusin", (event) => this.handlePointer(event, false));
		element.addEventListener("keydown", (event) => this.handleKey(event));
	}

	handlePointer(event, zooms) {
		const frame = this.frameOfBox.get(event.target.closest("[role=treeitem]"));

		if (!frame)
			return;
		this.onSelect(frame);
		if (zooms)
			this.onZoom(frame);
	}

	/* Frames above and below in the stack, and beside; as they lie on the screen. */
	findNeighbour(frame, key) {
		const outward = this.shape === "flame" ? "ArrowDown" : "ArrowUp";
		const inward = this.shape === "flame" ? "ArrowUp" : "ArrowDown";
		const beside = frame.parent ? frame.parent.sorted.filter((one) => this.boxOfFrame.has(one)) : [frame];
		const index = beside.indexOf(frame);

		switch (key) {
		case outward:
			return frame.parent;
		case inward:
			return frame.sorted.find((one) => this.boxOfFrame.has(one));
		case "ArrowRight":
			return beside[index + 1];
		case "ArrowLeft":
			return beside[index - 1];
		case "Home":
			return this.root;
		default:
			return undefined;
		}
	}

	handleKey(event) {
		const frame = this.frameOfBox.get(event.target);

		if (!frame || event.ctrlKey || event.altKey || event.metaKey)
			return;
		if (event.key === "Enter" || event.key === " ") {
			event.preventDefault();
			this.onZoom(frame);
			return;
		}
		if (event.key === "Escape") {
			event.preventDefault();
			this.onZoom(this.root);
			return;
		}
		if (!event.key.startsWith("Arrow") && event.key !== "Home")
			return;
		event.preventDefault();
		this.focus(this.findNeighbour(frame, event.key));
	}

	focus(frame) {
		const box = this.boxOfFrame.get(frame);

		if (!box)
			return;
		for (const other of this.element.querySelectorAll("[tabindex='0']"))
			other.tabIndex = -1;
		box.tabIndex = 0;
		box.focus();
	}

	/* Boxes with their place, from the outermost callers of the frame on top. */
	layOut(top) {
		const boxes = [], path = [], waiting = [];
		const least = LEAST_PIXELS / Math.max(200, this.element.clientWidth);

		for (let frame = top.parent; frame; frame = frame.parent)
			path.unshift(frame);
		for (const frame of path)
			boxes.push({ frame, x: 0, width: 1, depth: frame.depth, isAbove: true });
		waiting.push({ frame: top, x: 0, width: 1, depth: top.depth });
		while (waiting.length > 0) {
			const box = waiting.pop();
			let x = box.x;

			boxes.push(box);
			for (const child of box.frame.sorted) {
				const width = top.weight > 0 ? child.weight / top.weight : 0;

				if (width >= least)
					waiting.push({ frame: child, x, width, depth: child.depth });
				x += width;
			}
		}
		return boxes;
	}

	makeBox(box, rows) {
		const element = document.createElement("div");
		const { frame } = box, { selection } = this;
		const text = describeFrame(frame, selection, this.root.weight);
		const classes = ["frame", selection.compares ? getChangeClass(frame) : frame.place.kind];

		if (box.isAbove)
			classes.push("above");
		if (this.matcher && frame.parent)
			classes.push(frame.key !== REST_KEY && this.matcher(frame.place) ? "hit" : "miss");
		element.className = classes.join(" ");
		element.setAttribute("role", "treeitem");
		element.setAttribute("aria-level", String(frame.depth + 1));
		element.setAttribute("aria-label", text);
		element.title = text + (formatPosition(frame.place) ? "\n" + formatPosition(frame.place) : "");
		element.tabIndex = -1;
		element.style.left = (100 * box.x).toFixed(4) + "%";
		element.style.width = (100 * box.width).toFixed(4) + "%";
		element.style.setProperty("--row", String(this.shape === "flame" ? rows - 1 - box.depth : box.depth));
		element.style.setProperty("--vary", (hashName(frame.place.name) % 9 - 4) * 1.2 + "%");
		element.textContent = getLabel(frame, selection);
		this.frameOfBox.set(element, frame);
		this.boxOfFrame.set(frame, element);
		return element;
	}

	draw(tree, top, selection, shape, matcher) {
		const fragment = document.createDocumentFragment();
		const hadFocus = this.element.contains(document.activeElement);

		Object.assign(this, { root: tree.root, selection, shape, matcher });
		this.frameOfBox.clear();
		this.boxOfFrame.clear();
		const boxes = this.layOut(top);
		const rows = boxes.reduce((most, box) => Math.max(most, box.depth + 1), 1);

		for (const box of boxes)
			fragment.append(this.makeBox(box, rows));
		this.element.replaceChildren(fragment);
		this.element.style.setProperty("--rows", String(rows));
		this.boxOfFrame.get(top).tabIndex = 0;
		if (hadFocus)
			this.focus(top);
		if (shape === "flame")
			this.element.parentElement.scrollTop = this.element.parentElement.scrollHeight;
	}
}

/* What the frames that match hold together: a frame below another one counts once. */
function sumMatches(tree, matcher) {
	let count = 0, weight = 0;
	const waiting = [...tree.root.sorted.map((frame) => ({ frame, isInside: false }))];

	while (waiting.length > 0) {
		const { frame, isInside } = waiting.pop();
		const matches = frame.key !== REST_KEY && matcher(frame.place);

		if (matches) {
			count++;
			weight += isInside ? 0 : frame.weight;
		}
		for (const child of frame.sorted)
			waiting.push({ frame: child, isInside: isInside || matches });
	}
	return { count, weight };
}
