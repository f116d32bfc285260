// Draws a Grafana dashboard (stat, timeseries, table, barchart) from its JSON alone.
// Every panel asks for its own rows; `data-state` on each says how far it is.

/* global echarts */

import { colorOf, columnsOf, INK, moment, pieces, text } from "./board_units.js";

const SOFT = "#5b6470";
const GRID = "#e9ebee";
const FONT = 'Inter, "Helvetica Neue", Arial, "Liberation Sans", sans-serif';

// ---- the four kinds of panel ----

function element(name, className, content) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (content !== undefined) node.textContent = content;
  return node;
}

/** A font size at which `content` fills `width`, at most `most` px. */
function fitting(content, width, most) {
  const context = document.createElement("canvas").getContext("2d");
  context.font = `500 100px ${FONT}`;
  return Math.max(14, Math.min(most, Math.floor(width / context.measureText(content).width * 100)));
}

/** The course behind a stat, as Grafana's area sparkline. */
function course(values, color) {
  const points = values.flatMap((value, i) => value === null ? [] : [[i, value]]);
  if (points.length < 2) return null;
  const heights = points.map(([, value]) => value);
  const [low, high] = [Math.min(...heights), Math.max(...heights)];
  const at = ([i, value]) =>
    `${(i / (values.length - 1) * 100).toFixed(2)},${
      (36 - (high > low ? (value - low) / (high - low) : 0.5) * 32).toFixed(2)
    }`;
  const line = points.map(at).join(" L");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 40");
  svg.setAttribute("preserveAspectRatio", "none");
  const draw = (attributes) => {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    for (const [name, value] of Object.entries(attributes)) path.setAttribute(name, value);
    svg.append(path);
  };
  const [first, last] = [at(points[0]).split(",")[0], at(points.at(-1)).split(",")[0]];
  draw({ d: `M${first},40 L${line} L${last},40 Z`, fill: color, "fill-opacity": "0.12" });
  draw({
    d: `M${line}`,
    fill: "none",
    stroke: color,
    "stroke-width": "1.5",
    "vector-effect": "non-scaling-stroke",
  });
  return svg;
}

function drawStat(panel, content, columns) {
  const shown = columns.find(({ type }) => type === "number");
  const rows = panel.options?.reduceOptions?.values === true;
  const values = shown?.values ?? [];
  const value = rows ? values[0] : values.at(-1);
  if (value === null || value === undefined) return false;
  const color = colorOf(shown.config, 0, value);
  const box = element("div", "stat");
  const [number, unit] = pieces(value, shown.config);
  const line = element("div", "value", number);
  if (unit) line.append(element("small", "", unit));
  const most = panel.options?.graphMode === "area" ? 40 : 46;
  line.style.fontSize = `${fitting(number + unit, content.clientWidth - 24, most)}px`;
  line.style.color = color;
  box.append(line);
  const name = columns.find(({ type }) => type === "string")?.values[0];
  if (name && panel.options?.textMode === "value_and_name") {
    box.append(element("div", "name", name));
  }
  const svg = panel.options?.graphMode === "area" && !rows ? course(values, color) : null;
  if (svg) {
    box.classList.add("with-course");
    box.append(svg);
  }
  content.append(box);
}

function drawTable(_panel, content, columns) {
  const table = element("table");
  const head = table.createTHead().insertRow();
  const body = table.createTBody();
  for (const { name, type, config } of columns) {
    const cell = element("th", type === "number" ? "number" : "", config.displayName ?? name);
    cell.scope = "col";
    if (config.custom?.width) cell.style.width = `${config.custom.width}px`;
    head.append(cell);
  }
  for (let row = 0; row < (columns[0]?.values.length ?? 0); row++) {
    const line = body.insertRow();
    for (const { type, values, config } of columns) {
      const value = values[row];
      const shown = value === null
        ? ""
        : type === "number" || (type === "time" && config.unit)
        ? text(value, { significant: 6, ...config })
        : type === "time"
        ? moment(value)
        : String(value);
      const cell = element("td", type === "number" ? "number" : "", shown);
      if (type === "string") cell.title = shown;
      const colored = config.custom?.cellOptions?.type ?? config.custom?.displayMode;
      if (colored === "color-text" && value !== null) cell.style.color = colorOf(config, 0, value);
      line.append(cell);
    }
  }
  const box = element("div", "rows");
  box.append(table);
  content.append(box);
}

function chart(content, option) {
  const box = element("div", "chart");
  content.prepend(box);
  const drawn = echarts.init(box, null, { renderer: "canvas" });
  drawn.setOption({
    animation: false,
    textStyle: { fontFamily: FONT, color: INK },
    ...option,
    tooltip: {
      renderMode: "richText",
      confine: true,
      borderColor: GRID,
      textStyle: { fontSize: 12, color: INK },
      ...option.tooltip,
    },
  });
}

const AXIS = { axisLabel: { color: SOFT, fontSize: 12 }, axisTick: { show: false } };
const LINES = { show: true, lineStyle: { color: GRID } };

/** Tick labels need no more digits than tell them apart. */
const onAxis = ({ unit }) => (value) => text(value, { unit });

const CLOCK = {
  year: "{yyyy}",
  month: "{yyyy}-{MM}",
  day: "{MM}-{dd}",
  hour: "{HH}:{mm}",
  minute: "{HH}:{mm}",
  second: "{HH}:{mm}:{ss}",
};

function legendOf(names, colors) {
  const list = element("ul", "legend");
  names.forEach((name, i) => {
    const item = element("li");
    const mark = element("i");
    mark.style.background = colors[i];
    item.append(mark, name);
    list.append(item);
  });
  return list;
}

function drawTimeseries(panel, content, columns, range) {
  const time = columns.find(({ type }) => type === "time");
  const series = columns.filter(({ type }) => type === "number");
  if (!time || series.length === 0) return false;
  const defaults = panel.fieldConfig?.defaults ?? {};
  const custom = defaults.custom ?? {};
  const log = custom.scaleDistribution?.type === "log";
  const legend = panel.options?.legend?.showLegend === true;
  const seen = (value) => value === null || (log && value <= 0) ? null : value;
  const names = series.map(({ name, config }) => config.displayName ?? name);
  const colors = series.map(({ config, values }, i) => colorOf(config, i, values.at(-1)));
  const option = {
    grid: { left: 8, right: 14, top: 12, bottom: 4, containLabel: true },
    tooltip: { trigger: "axis", valueFormatter: (value) => text(value, defaults) },
    xAxis: {
      type: "time",
      min: range.from,
      max: range.to,
      ...AXIS,
      axisLabel: { ...AXIS.axisLabel, hideOverlap: true, formatter: CLOCK },
      splitLine: LINES,
      axisLine: { onZero: false, lineStyle: { color: GRID } },
    },
    yAxis: {
      type: log ? "log" : "value",
      scale: true,
      ...AXIS,
      axisLabel: { ...AXIS.axisLabel, formatter: onAxis(defaults) },
      splitNumber: 5,
      splitLine: LINES,
    },
    series: series.map(({ values }, i) => {
      const color = colors[i];
      return {
        name: names[i],
        type: "line",
        data: values.map((value, row) => [time.values[row], seen(value)]),
        connectNulls: custom.spanNulls === true,
        showSymbol: custom.showPoints !== "never",
        symbol: "circle",
        symbolSize: custom.pointSize ?? 5,
        lineStyle: { width: custom.lineWidth ?? 1, color },
        itemStyle: { color },
        areaStyle: custom.fillOpacity ? { color, opacity: custom.fillOpacity / 100 } : undefined,
      };
    }),
    useUTC: true,
  };
  if (legend) content.append(legendOf(names, colors));
  chart(content, option);
}

function drawBarchart(panel, content, columns) {
  const labels = columns.find(({ type }) => type !== "number");
  const series = columns.filter(({ type }) => type === "number");
  if (!labels || series.length === 0) return false;
  const upright = panel.options?.orientation === "vertical";
  const defaults = panel.fieldConfig?.defaults ?? {};
  const longest = panel.options?.xTickLabelMaxLength || 40;
  const cut = (label) => label.length > longest ? label.slice(0, longest - 1) + "…" : label;
  const values_shown = panel.options?.showValue !== "never" &&
    (panel.options?.showValue === "always" || labels.values.length <= 14);
  const category = {
    type: "category",
    data: labels.values.map((label) => label === null ? "(none)" : String(label)),
    inverse: !upright,
    ...AXIS,
    axisLabel: { ...AXIS.axisLabel, color: INK, formatter: cut, hideOverlap: true },
    axisLine: { onZero: false, lineStyle: { color: GRID } },
  };
  const value = {
    type: "value",
    ...AXIS,
    axisLabel: { ...AXIS.axisLabel, formatter: onAxis(defaults), hideOverlap: true },
    splitNumber: 4,
    splitLine: LINES,
  };
  // Room for the numbers beyond the longest bars; that end is no round number and gets no label.
  value.min = ({ min }) => min < 0 ? min * 1.2 : 0;
  value.max = ({ max }) => max > 0 ? max * 1.15 : 0;
  const below = series.some(({ values }) => values.some((number) => number < 0));
  value.axisLabel = { ...value.axisLabel, showMinLabel: !below, showMaxLabel: false };
  const outside = (number) => upright ? "top" : number < 0 ? "left" : "right";
  chart(content, {
    grid: {
      left: 8,
      right: 12,
      top: upright ? 22 : 4,
      bottom: 4,
      containLabel: true,
    },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      valueFormatter: (v) => text(v, defaults),
    },
    xAxis: upright ? category : value,
    yAxis: upright ? value : category,
    series: series.map(({ name, values, config }, i) => ({
      name: config.displayName ?? name,
      type: "bar",
      barCategoryGap: "25%",
      barMaxWidth: 34,
      data: values.map((number) => ({
        value: number,
        itemStyle: { color: colorOf(config, i, number) },
        label: { position: outside(number) },
      })),
      label: {
        show: values_shown,
        fontSize: 12,
        color: INK,
        formatter: ({ value }) => text(value, config),
      },
    })),
  });
}

const DRAW = {
  stat: drawStat,
  table: drawTable,
  timeseries: drawTimeseries,
  barchart: drawBarchart,
};

// ---- the page ----

const { dashboard, query_url } = JSON.parse(document.getElementById("board-data").textContent);
const range = { from: Date.parse(dashboard.time?.from), to: Date.parse(dashboard.time?.to) };

function mount(board, panel) {
  const section = element("section", "panel");
  const header = element("header", "panel-header");
  header.append(element("h2", "", panel.title ?? ""));
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

async function ask(panel) {
  const url = new URL(query_url, location.href);
  const signature = new URLSearchParams(location.search).get("signature");
  if (signature !== null) url.searchParams.set("signature", signature);
  const reply = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-panel-id": String(panel.id),
      "x-dashboard-uid": dashboard.uid ?? "",
    },
    body: JSON.stringify({ panel_id: panel.id }),
  });
  const body = await reply.json().catch(() => ({}));
  const results = Object.values(body.results ?? {});
  const error = results.find(({ error }) => error)?.error;
  if (error || !reply.ok) {
    throw new Error(error ?? body.message ?? `The server answered ${reply.status}.`);
  }
  return results.flatMap(({ frames }) => frames ?? []).find(({ data }) =>
    data.values[0]?.length > 0
  );
}

/** Draws from what came; again after a resize. A kind that is not known here shows its rows. */
function draw(section, panel, frame) {
  const content = section.querySelector(".panel-content");
  for (const box of content.querySelectorAll(".chart")) echarts.getInstanceByDom(box)?.dispose();
  content.replaceChildren();
  const drawn = (DRAW[panel.type] ?? drawTable)(panel, content, columnsOf(panel, frame), range);
  if (drawn === false) show(section, "empty", "No data");
  else show(section, "loaded");
}

async function load(section, panel) {
  section.dataset.state = "loading";
  section.append(element("div", "panel-loading"));
  try {
    const frame = await ask(panel);
    if (!frame) return show(section, "empty", "No data");
    draw(section, panel, frame);
    addEventListener("resize", () => draw(section, panel, frame));
  } catch (error) {
    section.querySelector("header").append(element("span", "panel-info-corner--error"));
    show(section, "error", error.message);
  }
}

const board = document.getElementById("board");
const panels = (dashboard.panels ?? []).filter(({ type }) => type !== "row");
const sections = panels.map((panel) => mount(board, panel));
await document.fonts.ready;
await Promise.all(panels.map((panel, i) => load(sections[i], panel)));
await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
document.documentElement.dataset.ready = "true";
