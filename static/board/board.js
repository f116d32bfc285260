// Draws a Grafana dashboard from its JSON. Each panel queries its own rows; `data-state` shows its
// progress.

/* global echarts */

import { drawBarchart, drawGauges, drawHistogram } from "./bars.js";
import { element } from "./chart.js";
import { chosen, mountChoices } from "./choices.js";
import { drawStates, drawTimeseries } from "./lines.js";
import { drawHeatmap, drawPoints } from "./maps.js";
import { drawStat } from "./stat.js";
import { drawTable } from "./table.js";
import { columnsOf, moment } from "./units.js";
import { onClock, ZONE } from "./zone.js";

const DRAW = {
  barchart: drawBarchart,
  bargauge: drawGauges,
  heatmap: drawHeatmap,
  histogram: drawHistogram,
  stat: drawStat,
  "state-timeline": drawStates,
  table: drawTable,
  timeseries: drawTimeseries,
  xychart: drawPoints,
};

const { dashboard, query_url } = JSON.parse(document.getElementById("board-data").textContent);
const range = {
  from: onClock(Date.parse(dashboard.time?.from)),
  to: onClock(Date.parse(dashboard.time?.to)),
};
/** ECharts loads after this script, in parallel with the first queries. */
const isRead = new Promise((done) => addEventListener("DOMContentLoaded", done, { once: true }));

function mount(board, panel) {
  const section = element("section", "panel");
  const header = element("header", "panel-header");
  header.append(element("h2", "", panel.title?.replace(/ \(UTC\)$/, ` (${ZONE})`) ?? ""));
  if (panel.description) {
    const about = element("span", "about", "i");
    about.title = panel.description;
    header.append(about);
  }
  const { x = 0, y = 0, w = 12, h = 8 } = panel.gridPos ?? {};
  section.style.gridColumn = `${x + 1} / span ${w}`;
  section.style.gridRow = `${y + 1} / span ${h}`;
  section.style.setProperty("--rows", h);
  section.dataset.panelid = panel.id;
  section.append(header, element("div", "panel-content"));
  board.append(section);
  return section;
}

function show(section, state, sentence) {
  if (sentence) {
    section.querySelector(".panel-content").replaceChildren(element("div", "message", sentence));
  }
  section.querySelector(".panel-loading")?.remove();
  section.dataset.state = state;
}

/** The first response with rows, or undefined. Throws the server's error. */
async function ask(question, headers = {}) {
  const url = new URL(query_url, location.href);
  const signature = new URLSearchParams(location.search).get("signature");
  if (signature !== null) url.searchParams.set("signature", signature);
  const reply = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(question),
  });
  const body = await reply.json().catch(() => ({}));
  const results = Object.values(body.results ?? {});
  const error = results.find(({ error }) => error)?.error;
  if (error || !reply.ok) {
    const why = error ?? body.message ?? `The server answered ${reply.status}.`;
    const seconds = reply.status === 503 ? Number(reply.headers.get("retry-after")) : 0;
    throw Object.assign(new Error(why), { seconds });
  }
  return results.flatMap(({ frames }) => frames ?? []).find(({ data }) =>
    data.values[0]?.length > 0
  );
}

/** Also redraws after a resize. Unknown panel types show a table. */
function draw(section, panel, frame) {
  const content = section.querySelector(".panel-content");
  for (const box of content.querySelectorAll(".chart")) echarts.getInstanceByDom(box)?.dispose();
  content.replaceChildren();
  const drawn = (DRAW[panel.type] ?? drawTable)(panel, content, columnsOf(panel, frame), range);
  if (drawn === false) show(section, "empty", "No data");
  else show(section, "loaded");
}

/** Data of each panel, for redrawing after a resize. */
const shown = new Map();

let frame;
/** Batches layout and paint until the next frame. */
const nextFrame = () =>
  frame ??= new Promise((done) =>
    requestAnimationFrame(() => {
      frame = undefined;
      done();
    })
  );

async function load(section, panel) {
  // Text panels and others without queries.
  if (!panel.targets?.length) return show(section, "none", panel.options?.content || " ");
  section.dataset.state = "loading";
  section.append(element("div", "panel-loading"));
  section.querySelector(".panel-info-corner--error")?.remove();
  shown.delete(panel);
  const variables = chosen(dashboard);
  try {
    const headers = { "x-panel-id": String(panel.id), "x-dashboard-uid": dashboard.uid ?? "" };
    const asked = ask({ panel_id: panel.id, variables }, headers);
    const [rows] = await Promise.all([asked, isRead, document.fonts.ready]);
    await nextFrame();
    if (isStale(variables)) return;
    if (!rows) return show(section, "empty", "No data");
    shown.set(panel, rows);
    draw(section, panel, rows);
  } catch (error) {
    if (isStale(variables)) return;
    section.querySelector("header").append(element("span", "panel-info-corner--error"));
    show(section, "error", error.message);
    // Reloads for a viewer; a capture keeps the error.
    if (error.seconds > 0 && document.getElementById("board-times")) {
      setTimeout(() => isStale(variables) || load(section, panel), error.seconds * 1000);
    }
  }
}

/** True when the viewer's choice changed meanwhile. */
const isStale = (variables) => JSON.stringify(variables) !== JSON.stringify(chosen(dashboard));

/** Shows the days and the time zone, in the header or below the board. */
function sayTimes() {
  const place = document.getElementById("board-times");
  const day = (time) => moment(time, "YYYY-MM-DD");
  if (place) place.textContent = `${day(range.from)} to ${day(range.to)} · ${ZONE}`;
  else board.append(element("p", "board-zone", `Times in ${ZONE}`));
}

const board = document.getElementById("board");
const panels = (dashboard.panels ?? []).filter(({ type }) => type !== "row");
const sections = panels.map((panel) => mount(board, panel));
const loadAll = () => Promise.all(panels.map((panel, i) => load(sections[i], panel)));

addEventListener("resize", () =>
  panels.forEach((panel, i) => {
    if (shown.has(panel)) draw(sections[i], panel, shown.get(panel));
  }));
mountChoices(dashboard, (variable) => ask({ variable }), loadAll);
sayTimes();
await loadAll();
await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
document.documentElement.dataset.ready = "true";
