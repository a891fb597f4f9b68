"use strict";

const state = document.getElementById("state");
const losses = document.getElementById("losses");
const body = document.getElementById("rows");
const known = new Map(); // rows by what they count
let last = 0; // when the counts before these came, in ms

function say(word, text) {
	state.dataset.state = word;
	state.textContent = text;
}

// rowOf returns the row of a series: its cells, and the packets it had last.
function rowOf(series) {
	const key = JSON.stringify([series.prefix, series.hook, series.protocol]);
	let row = known.get(key);
	if (!row) {
		const tr = document.createElement("tr");
		row = { tr, cells: [], packets: series.packets };
		for (let i = 0; i < 6; i++) {
			row.cells.push(tr.appendChild(document.createElement("td")));
		}
		known.set(key, row);
	}
	return row;
}

function show(status) {
	const now = performance.now();
	const rows = status.rows.map((series) => {
		const row = rowOf(series);
		const rate = last ? (series.packets - row.packets) * 1000 / (now - last) : 0;
		row.packets = series.packets;
		const texts = [series.prefix, series.hook, series.protocol, series.packets, rate.toFixed(1), series.bytes];
		texts.forEach((text, i) => { row.cells[i].textContent = text; });
		return row.tr;
	});
	body.replaceChildren(...rows);
	last = now;

	const lost = status.groups.reduce((sum, group) => sum + group.lost, 0);
	losses.dataset.lost = lost + status.malformed > 0 ? "yes" : "no";
	losses.textContent = status.groups.map((group) => `group ${group.group}: ${group.received} received, ${group.lost} lost`).join("; ") +
		`; ${status.overruns} overruns, ${status.malformed} malformed`;
	say("live", "live");
}

const events = new EventSource("events");
events.onmessage = (event) => show(JSON.parse(event.data));
events.addEventListener("end", () => {
	events.close();
	say("ended", "the service has ended");
});
// The browser tries again by itself.
events.onerror = () => say("waiting", "no connection, trying again");
