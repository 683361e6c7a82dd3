/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* table.js - who holds how much, in rows that follow the graph and the search */

const ROWS_SHOWN = 30;

const COLUMNS = {
	now: { title: (selection) => selection.compares ? "now" : "size", get: (row) => row.now },
	before: { title: () => "before", get: (row) => row.before },
	change: { title: () => "change", get: (row) => Math.abs(row.now - row.before) },
	share: { title: () => "%", get: (row) => row.now },
	blocks: { title: () => "blocks", get: (row) => row.blocks },
	where: { title: () => "where", get: null },
};

/* `onChoose` gets the row that was clicked, `onSort` the column, `onMore` that all rows are wanted. */
class Table {
	constructor(element, handlers) {
		this.element = element;
		element.addEventListener("click", (event) => {
			const button = event.target.closest("button");

			if (button && button.dataset.sort)
				handlers.onSort(button.dataset.sort);
			else if (button && button.dataset.row)
				handlers.onChoose(this.rows[Number(button.dataset.row)]);
		});
	}

	getColumns(selection) {
		const blocks = selection.metric.unit === "bytes" ? ["blocks"] : [];

		return selection.compares ? ["change", "before", "now", ...blocks, "where"] : ["now", "share", ...blocks, "where"];
	}

	sort(rows, sort) {
		const { get } = COLUMNS[sort];
		const isRest = (row) => row.key === REST_KEY;

		return rows.sort((a, b) => isRest(a) - isRest(b) || (get ? get(b) - get(a) : 0) ||
			(a.place.name < b.place.name ? -1 : a.place.name > b.place.name ? 1 : a.key < b.key ? -1 : 1));
	}

	format(row, column, selection, sum) {
		const unit = selection.metric.unit;

		switch (column) {
		case "change":
			return formatChange(row.now - row.before, unit);
		case "share":
			return formatShare(row.now, sum);
		case "blocks":
			return selection.compares ? formatChange(row.blocks - row.blocksBefore, "blocks") : formatCount(row.blocks);
		default:
			return formatValue(row[column], unit);
		}
	}

	makeHead(selection, sort) {
		const head = document.createElement("tr");

		for (const column of this.getColumns(selection)) {
			const cell = document.createElement("th"), button = document.createElement("button");

			cell.scope = "col";
			cell.className = column === "where" ? "where" : "number";
			if (column === sort)
				cell.setAttribute("aria-sort", column === "where" ? "ascending" : "descending");
			button.type = "button";
			button.dataset.sort = column;
			button.textContent = COLUMNS[column].title(selection);
			cell.append(button);
			head.append(cell);
		}
		return head;
	}

	makeWhere(row, index, by) {
		const cell = document.createElement("td"), button = document.createElement("button");
		const position = document.createElement("span");

		cell.className = "where";
		button.type = "button";
		button.dataset.row = String(index);
		position.className = "position";
		if (row.key === REST_KEY) {
			cell.textContent = "smaller ones";
			return cell;
		}
		button.textContent = by === "file" || by === "module" ? row.key : row.place.name;
		position.textContent = by === "line" ? formatPosition(row.place) : by === "function" ? row.place.file || row.place.module : "";
		cell.append(button, " ", position);
		return cell;
	}

	/* Only the rows that the matcher takes, of at most so many; returns how many there are. */
	draw(rows, selection, options) {
		const body = document.createElement("tbody"), head = document.createElement("thead");
		const sum = rows.reduce((all, row) => all + row.now, 0);
		const taken = rows.filter((row) => !options.matcher || (row.key !== REST_KEY && options.matcher(row.place)));

		this.rows = this.sort(taken, options.sort);
		this.rows.slice(0, options.showsAll ? undefined : ROWS_SHOWN).forEach((row, index) => {
			const line = document.createElement("tr");

			for (const column of this.getColumns(selection)) {
				const cell = document.createElement("td");

				if (column === "where") {
					line.append(this.makeWhere(row, index, options.by));
					continue;
				}
				cell.className = "number";
				cell.textContent = this.format(row, column, selection, sum);
				line.append(cell);
			}
			body.append(line);
		});
		head.append(this.makeHead(selection, options.sort));
		this.element.querySelectorAll("thead, tbody").forEach((part) => part.remove());
		this.element.append(head, body);
		return taken.length;
	}
}
