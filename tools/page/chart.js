/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* chart.js - the size of the heap over time, on which moments are picked */

const CHART_HEIGHT = 170;
const MARGIN = { top: 12, right: 12, bottom: 24, left: 64 };

function escapeMarkup(text) {
	return text.replace(/[&<>"']/g, (sign) => "&#" + sign.charCodeAt(0) + ";");
}

/* 1, 2 or 5 times a power of the base, so that there are at most so many steps. */
function findStep(most, steps, base) {
	let unit = 1;

	while (unit * base <= most / steps)
		unit *= base;
	while (unit > most / steps && base === 10)
		unit /= 10;
	for (const factor of base === 10 ? [1, 2, 5, 10] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024])
		if (unit * factor * steps >= most)
			return unit * factor;
	return unit * base;
}

/* A chart in an element. `onPick` gets the index of a moment, and whether it is the first of two. */
class Chart {
	constructor(element, onPick) {
		this.element = element;
		element.addEventListener("click", (event) => {
			const index = this.findMoment(event.clientX);

			if (index >= 0)
				onPick(index, event.shiftKey);
		});
	}

	findMoment(clientX) {
		const x = clientX - this.element.getBoundingClientRect().left;
		let best = -1;

		if (isDiff)
			return best;
		side.moments.forEach((moment, index) => {
			const distance = Math.abs(this.getX(moment.seconds) - x);

			if (best < 0 || distance < Math.abs(this.getX(side.moments[best].seconds) - x))
				best = index;
		});
		return best;
	}

	getX(seconds) {
		return MARGIN.left + (this.width - MARGIN.left - MARGIN.right) * seconds / this.duration;
	}

	getY(bytes) {
		return CHART_HEIGHT - MARGIN.bottom - (CHART_HEIGHT - MARGIN.top - MARGIN.bottom) * bytes / this.most;
	}

	makePath(curve, index) {
		return curve.filter((point) => index === 1 || point[index] > 0)
			.map((point, i) => (i === 0 ? "M" : "L") + this.getX(point[0]).toFixed(1) + " " +
				this.getY(point[index]).toFixed(1)).join("");
	}

	drawAxes() {
		const parts = [];
		const stepY = findStep(this.most, 4, 1024), stepX = findStep(this.duration, this.width < 500 ? 4 : 8, 10);
		const bottom = CHART_HEIGHT - MARGIN.bottom, right = this.width - MARGIN.right;

		for (let bytes = 0; bytes <= this.most; bytes += stepY)
			parts.push(`<line class="grid" x1="${MARGIN.left}" x2="${right}" y1="${this.getY(bytes)}" y2="${this.getY(bytes)}"/>` +
				`<text x="${MARGIN.left - 6}" y="${this.getY(bytes) + 4}" text-anchor="end">${formatBytes(bytes)}</text>`);
		for (let seconds = 0; seconds <= this.duration * 1.0001; seconds += stepX)
			parts.push(`<line class="grid" x1="${this.getX(seconds)}" x2="${this.getX(seconds)}" y1="${bottom}" y2="${bottom + 4}"/>` +
				`<text x="${this.getX(seconds)}" y="${bottom + 17}" text-anchor="middle">${formatSeconds(seconds)}</text>`);
		return parts.join("");
	}

	drawCurves(showsResident) {
		const parts = [];

		raw.sides.forEach((one, index) => {
			const isOld = isDiff && index === 0;
			const line = this.makePath(one.curve, 1);
			const last = one.curve[one.curve.length - 1];

			if (one.curve.length === 0)
				return;
			if (!isOld)
				parts.push(`<path class="area" d="${line}L${this.getX(last[0])} ${this.getY(0)}L${this.getX(one.curve[0][0])} ${this.getY(0)}Z"/>`);
			parts.push(`<path class="${isOld ? "old" : "live"}" d="${line}"/>`);
			if (showsResident)
				parts.push(`<path class="resident" d="${this.makePath(one.curve, 2)}"/>`);
		});
		return parts.join("");
	}

	drawMoments(chosen, marks) {
		const parts = [], bottom = CHART_HEIGHT - MARGIN.bottom;

		for (const [seconds, label] of marks)
			parts.push(`<line class="mark" x1="${this.getX(seconds)}" x2="${this.getX(seconds)}" y1="${MARGIN.top}" y2="${bottom}">` +
				`<title>${escapeMarkup(label)}</title></line>`);
		side.moments.forEach((moment, index) => {
			const x = this.getX(moment.seconds), isChosen = chosen.includes(index);

			if (isDiff)
				return;
			if (isChosen)
				parts.push(`<line class="cursor" x1="${x}" x2="${x}" y1="${MARGIN.top}" y2="${bottom}"/>`);
			parts.push(`<circle class="moment${isChosen ? " chosen" : ""}" cx="${x}" cy="${this.getY(moment.live)}" r="${isChosen ? 5 : 3.5}">` +
				`<title>${escapeMarkup(moment.name)}: ${formatBytes(moment.live)}</title></circle>`);
		});
		return parts.join("");
	}

	draw(chosen, showsResident) {
		const largest = (index) => Math.max(0, ...raw.sides.flatMap((one) => one.curve.map((point) => point[index])));

		this.width = Math.max(280, this.element.clientWidth);
		this.duration = Math.max(1e-6, ...raw.sides.flatMap((one) => one.curve.map((point) => point[0])));
		this.most = Math.max(1, largest(1), showsResident ? largest(2) : 0) * 1.05;
		this.element.innerHTML = `<svg width="${this.width}" height="${CHART_HEIGHT}" role="img" aria-label="${escapeMarkup(this.describe())}">` +
			this.drawAxes() + this.drawCurves(showsResident) + this.drawMoments(chosen, side.marks) + "</svg>";
	}

	describe() {
		return raw.sides.map((one) => `${one.command}: peak ${formatBytes(one.peak)}, ` +
			`${formatBytes(one.live)} ${one.state === "running" ? "now" : "at the end"}, ` +
			`over ${formatSeconds(one.seconds)}`).join("; ");
	}
}
