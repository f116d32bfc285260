// The page of the tests' Grafana: it asks as Grafana's own page does, and draws plainly what comes.
const { subPath, version, sources, isBusy } = globalThis.grafanaBootData;
const address = new URLSearchParams(location.search);
const isNew = version === "13";
const ROW = 38; // 30 px and a gap of 8
const UNITS = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5, M: 2592e6, y: 31536e6 };

function make(tag, { text, parent, style, ...attributes } = {}) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  if (style) element.style.cssText = style;
  parent?.append(element);
  return element;
}

/** `now-2d`, ms or an ISO time -> ms since 1970. */
function instant(text) {
  if (/^\d+$/.test(text)) return Number(text);
  const [, count, unit] = /^now(?:-(\d+)([smhdwMy]))?/.exec(text) ?? [];
  if (!text.startsWith("now")) return Date.parse(text);
  return Date.now() - (unit ? Number(count) * UNITS[unit] : 0);
}

function rangeOf({ time = {} }) {
  const from = instant(address.get("from") ?? time.from ?? "now-6h");
  return { from, to: instant(address.get("to") ?? time.to ?? "now") };
}

async function post(body, { type, headers = {}, signal }) {
  const path = isNew ? `api/ds/query?ds_type=${type}&requestId=SQR100` : "api/ds/query";
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    ...signal ? { signal } : {},
  });
  return { ok: response.ok, results: (await response.json()).results ?? {} };
}

const quoted = (value) => `'${String(value).replaceAll("'", "''")}'`;

function format({ values, isMany }, how) {
  if (how === "sqlstring" || how === "singlequote") return values.map(quoted).join(",");
  if (how) return values.join(",");
  return isMany ? values.map(quoted).join(",") : String(values[0] ?? "").replaceAll("'", "''");
}

/** Puts the variables in; what is none, such as a macro, stays for the server. */
function filled(text, { variables, range }) {
  const known = (name) =>
    name === "__from" || name === "__to"
      ? { values: [range[name.slice(2)]], isMany: false }
      : variables.get(name);
  return text.replace(
    /\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]|\$(\w+)/g,
    (all, a, aHow, b, bHow, c) => {
      const variable = known(a ?? b ?? c);
      return variable ? format(variable, aHow ?? bHow) : all;
    },
  );
}

async function optionsOf({ type, query, datasource }, board) {
  if (type !== "query") {
    const list = type === "custom" ? String(query).split(",") : [query];
    return list.map((value) => String(value).trim().replace(/^.* : /, ""));
  }
  const rawSql = filled(typeof query === "string" ? query : query?.rawSql ?? query?.query, board);
  const target = { refId: "tempvar", datasource, rawSql, format: "table" };
  const { from, to } = board.range;
  const body = { queries: [target], from: String(from), to: String(to) };
  const { results } = await post(body, { type: datasource?.type });
  return results.tempvar?.frames?.[0]?.data.values[0] ?? [];
}

/** One after the other: a later one may use those before it. */
async function resolveVariables(list, board) {
  for (const variable of list) {
    const options = await optionsOf(variable, board);
    const asked = address.getAll(`var-${variable.name}`);
    const stored = [variable.current?.value ?? []].flat();
    const kept = stored.filter((value) => value === "$__all" || options.includes(value));
    const chosen = asked.length > 0 ? asked : kept.length > 0 ? kept : options.slice(0, 1);
    const isAll = chosen.includes("$__all") || chosen.includes("All");
    const isMany = Boolean(variable.multi || variable.includeAll);
    board.variables.set(variable.name, { values: isAll ? options : chosen, isMany });
  }
}

/** The panel's frame, with the version's own signs. */
function mount(item, panel) {
  const key = isNew ? { "data-viz-panel-key": `panel-${panel.id}` } : {};
  const box = make("section", { parent: item, class: "panel", ...key });
  make("h2", { parent: box, text: panel.title ?? "", class: "panel-title" });
  const signs = isNew ? { "data-testid": "data-testid panel content" } : {};
  const content = make("div", { parent: box, class: isNew ? "content" : "content panel-content" });
  for (const [name, value] of Object.entries(signs)) content.setAttribute(name, value);
  return {
    content,
    loading: () =>
      isNew
        ? make("div", { parent: box, class: "loading", "aria-label": "Panel loading bar" })
        : make("div", { parent: box, class: "loading panel-loading" }),
    error(sentence) {
      box.querySelector(".error")?.remove();
      if (sentence === undefined) return;
      const sign = isNew
        ? { class: "error", "data-testid": "data-testid Panel status error" }
        : { class: "error panel-info-corner panel-info-corner--error" };
      make("button", { parent: box, title: sentence, ...sign });
    },
  };
}

async function ask(panel, board) {
  const { uid, type } = panel.datasource;
  const queries = panel.targets.filter(({ hide }) => !hide).map((target) => ({
    ...target,
    datasource: target.datasource ?? panel.datasource,
    rawSql: filled(target.rawSql ?? "", board),
    intervalMs: Math.max(1000, Math.round((board.range.to - board.range.from) / 1000)),
    maxDataPoints: 1000,
  }));
  const headers = {
    "x-panel-id": String(panel.id),
    "x-dashboard-uid": board.uid,
    "x-datasource-uid": uid,
    "x-plugin-id": type ?? "postgres",
  };
  const { from, to } = board.range;
  const body = { queries, from: String(from), to: String(to) };
  // As after a variable that was refreshed: the first one is taken back.
  if (isBusy) {
    const taken = new AbortController();
    post(body, { type, headers, signal: taken.signal }).catch(() => {});
    await new Promise((done) => setTimeout(done, 30));
    taken.abort();
  }
  return await post(body, { type, headers });
}

async function run(view, panel, board) {
  const uid = panel.datasource?.uid;
  if (!sources.includes(uid)) {
    view.error(`Datasource ${uid} was not found`);
    return draw(view.content, panel, []);
  }
  let sign;
  const timer = setTimeout(() => sign = view.loading(), 250);
  try {
    const { ok, results } = await ask(panel, board);
    const fault = Object.values(results).find(({ error }) => error)?.error;
    view.error(fault ?? (ok ? undefined : "Query error"));
    draw(view.content, panel, Object.values(results).flatMap(({ frames }) => frames ?? []));
  } catch (error) {
    view.error(String(error));
    draw(view.content, panel, []);
  } finally {
    clearTimeout(timer);
    sign?.remove();
  }
}

function shown(value, { type }) {
  if (value === null) return "–";
  return type === "time" ? new Date(value).toISOString().slice(0, 19) : String(value);
}

function draw(content, panel, frames) {
  content.replaceChildren();
  const filledFrames = frames.filter(({ data }) => data.values[0]?.length > 0);
  if (filledFrames.length === 0) {
    make("div", { parent: content, class: "empty", text: "No data" });
  }
  for (const { schema: { fields }, data: { values } } of filledFrames) {
    if (panel.type === "stat" || panel.type === "gauge") {
      const i = Math.max(0, fields.findIndex(({ type }) => type === "number"));
      make("div", { parent: content, class: "big", text: shown(values[i].at(-1), fields[i]) });
    } else if (panel.type === "timeseries") drawLines(content, fields, values);
    else if (panel.type === "barchart" || panel.type === "bargauge") {
      drawBars(content, fields, values);
    } else drawTable(content, fields, values);
  }
}

function drawTable(content, fields, values) {
  const table = make("table", { parent: content });
  const head = make("tr", { parent: table });
  for (const { name } of fields) make("th", { parent: head, text: name });
  for (let row = 0; row < Math.min(100, values[0].length); row++) {
    const line = make("tr", { parent: table });
    for (const [i, field] of fields.entries()) {
      make("td", { parent: line, text: shown(values[i][row], field) });
    }
  }
}

function drawBars(content, fields, values) {
  const number = fields.findIndex(({ type }) => type === "number");
  if (number < 0) return drawTable(content, fields, values);
  const label = fields.findIndex(({ type }) => type !== "number");
  const most = Math.max(...values[number].map(Math.abs), 1e-12);
  for (const [row, value] of values[number].slice(0, 40).entries()) {
    const text = label < 0 ? String(value) : shown(values[label][row], fields[label]);
    const style = `width: ${Math.max(1, 100 * Math.abs(value) / most)}%`;
    make("div", { parent: content, class: "bar", style, text, title: String(value) });
  }
}

function drawLines(content, fields, values) {
  const time = fields.findIndex(({ type }) => type === "time");
  const numbers = [...fields.keys()].filter((i) => fields[i].type === "number");
  if (time < 0 || numbers.length === 0) return drawTable(content, fields, values);
  const all = numbers.flatMap((i) => values[i]).filter((value) => value !== null);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const [start, end] = [values[time][0], values[time].at(-1)];
  const lines = numbers.map((i, n) => {
    const points = values[i].flatMap((value, row) => {
      if (value === null) return [];
      const x = 100 * (values[time][row] - start) / (end - start || 1);
      return `${x},${95 - 90 * (value - low) / (high - low || 1)}`;
    });
    const color = `hsl(${n * 67 + 210} 70% 50%)`;
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="2"
      vector-effect="non-scaling-stroke"/>`;
  });
  content.innerHTML = `<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%"
    height="90%">${lines.join("")}</svg>`;
}

/** Puts the panels on 24 columns; from 768 px down they stand in one. */
function layOut(board, panels, parent) {
  const width = parent.clientWidth;
  const column = (width - 23 * 8) / 24;
  let stacked = 0;
  const items = panels.map((panel) => {
    const { x, y, w, h } = panel.gridPos;
    const isWide = innerWidth > 768;
    const [left, top] = isWide ? [x * (column + 8), y * ROW] : [0, stacked];
    stacked += h * ROW;
    const across = isWide ? w * (column + 8) - 8 : width;
    const style = `left:${left}px;top:${top}px;width:${across}px;height:${h * ROW - 8}px`;
    const key = isNew ? { "data-griditem-key": `grid-item-${panel.id}` } : {
      "data-panelid": panel.id,
    };
    return [make("div", { parent, class: "item", style, ...key }), panel];
  });
  const bottom = Math.max(0, ...panels.map(({ gridPos: { y, h } }) => (y + h) * ROW - 8));
  parent.style.height = `${innerWidth > 768 ? bottom : stacked}px`;
  mountWhenSeen(new Map(items), board);
}

/** What is below the fold is neither mounted nor asked. */
function mountWhenSeen(items, board) {
  const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      const panel = items.get(target);
      const view = mount(target, panel);
      if (panel.type === "text") view.content.textContent = panel.options?.content ?? "";
      if (panel.type === "text" || !panel.targets?.length) continue;
      run(view, panel, board);
      const [, count, unit] = /^(\d+)([smhd])$/.exec(board.refresh) ?? [];
      if (unit) setInterval(() => run(view, panel, board), Number(count) * UNITS[unit]);
    }
  });
  for (const item of items.keys()) observer.observe(item);
}

/**
 * What else a page of Grafana does, as recorded of 9.4 and 12.4: a worker from a blob, a socket that is
 * refused and dialled again, a stream of events, calls about rules, annotations and its own metrics.
 */
function keepBusy(uid) {
  if (!isNew) {
    const source = new Blob(["onmessage = () => {}"], { type: "text/javascript" });
    new Worker(URL.createObjectURL(source));
  }
  const dial = () => {
    const socket = new WebSocket(new URL("api/live/ws", document.baseURI.replace(/^http/, "ws")));
    socket.onclose = () => setTimeout(dial, 1000);
  };
  dial();
  new EventSource("api/live/events");
  const calls = [
    `api/prometheus/grafana/api/v1/rules?dashboard_uid=${uid}`,
    `api/annotations?limit=100&matchAny=false&dashboardUID=${uid}`,
    ...isNew ? ["api/login/ping"] : [],
  ];
  for (const call of calls) fetch(call).catch(() => {});
  setTimeout(() => fetch("api/frontend-metrics", { method: "POST", body: "{}" }), 500);
  navigator.sendBeacon("api/live/hang", "beacon");
  if (isBusy) keepBusier();
}

/** Requests that never end, and a canvas that never rests. */
function keepBusier() {
  const poll = () => fetch("api/live/poll").then(poll, () => {});
  poll();
  for (let i = 0; i < 2; i++) fetch(`api/live/hang?${i}`).catch(() => {});
  setInterval(() => {
    const content = document.querySelector(".content");
    if (!content) return;
    const canvas = content.querySelector("canvas") ?? make("canvas", { parent: content });
    const pen = canvas.getContext("2d");
    pen.fillStyle = `hsl(${Date.now() % 360} 50% 50%)`;
    pen.fillRect(0, 0, 300, 150);
  }, 40);
}

async function open() {
  document.body.className = address.get("theme") ?? "dark";
  const uid = decodeURIComponent(location.pathname.slice(subPath.length).split("/")[2]);
  if (!address.has("kiosk")) make("nav", { parent: document.body, text: "Grafana" });
  const parent = make("main", { parent: document.body, id: "board" });
  const response = await fetch(`api/dashboards/uid/${encodeURIComponent(uid)}`);
  const { dashboard, message } = await response.json();
  if (!dashboard) return make("h1", { parent, text: message });
  document.title = `${dashboard.title} - Dashboards - Grafana`;
  const board = { uid, range: rangeOf(dashboard), variables: new Map() };
  board.refresh = address.get("refresh") ?? dashboard.refresh ?? "";
  keepBusy(uid);
  await resolveVariables(dashboard.templating?.list ?? [], board);
  layOut(board, dashboard.panels ?? [], parent);
}
open();
