/** The document by panel id; 0 in `loading` is outside panels. `bottom` and `hidden` (below the viewport) in CSS px. */
export type Signs = {
  mounted: number[];
  drawn: number[];
  empty: number[];
  titles: Record<number, string>;
  loading: number[];
  errors: Record<number, string>;
  bottom: number;
  hidden: number;
  hash: string;
  path: string;
};

/** Panels have data-panelid (Grafana up to 10, built-in board) or data-viz-panel-key="panel-7". Hashing is slow. */
export const PROBE = `(() => {
  const PANEL = "[data-panelid], [data-viz-panel-key]";
  const CONTENT = '.panel-content, [data-testid="data-testid panel content"]';
  const LOADING = '[data-state="loading"], .panel-loading:not(:has([title^="Streaming"])), [aria-label="Panel loading bar"]';
  const ERROR = '.panel-info-corner--error, [data-testid="data-testid Panel status error"], [aria-label="Panel status"]';
  const ALERT = '[data-testid="data-testid Alert error"]';
  const idOf = (panel) =>
    Number(/^(?:panel-)?(\\d+)/.exec(panel?.dataset.panelid ?? panel?.dataset.vizPanelKey)?.[1] ?? 0);
  const ownerOf = (sign) => idOf(sign.closest(PANEL));
  const panels = [...document.querySelectorAll(PANEL)]
    .filter((panel) => !panel.querySelector(":scope > .dashboard-row"));
  const drawn = [], empty = [], titles = {};
  let hash = 0x811c9dc5, bottom = 0;
  const add = (value) => hash = Math.imul(hash ^ value, 0x01000193);
  const loading = [...document.querySelectorAll(LOADING)].map(ownerOf);
  const small = new OffscreenCanvas(64, 64).getContext("2d", { willReadFrequently: true });
  for (const panel of panels) {
    const id = idOf(panel);
    const content = panel.querySelector(CONTENT);
    if (content?.childElementCount > 0) drawn.push(id);
    if (content?.textContent.trim() === "No data") empty.push(id);
    titles[id] ??= panel.querySelector("h2, h6")?.textContent.trim() ?? "";
    bottom = Math.max(bottom, panel.getBoundingClientRect().bottom + scrollY + 16);
    if (loading.length > 0) continue;
    const html = panel.outerHTML;
    for (let i = 0; i < html.length; i++) add(html.charCodeAt(i));
    for (const canvas of panel.querySelectorAll("canvas")) {
      if (canvas.width === 0 || canvas.height === 0) continue;
      small.clearRect(0, 0, 64, 64);
      small.drawImage(canvas, 0, 0, 64, 64);
      new Uint32Array(small.getImageData(0, 0, 64, 64).data.buffer).forEach(add);
    }
  }
  let hidden = 0;
  for (let at = panels[0] ?? document.body; at; at = at.parentElement) {
    if (at !== panels[0]) hidden = Math.max(hidden, at.scrollHeight - at.clientHeight);
  }
  const errors = {};
  for (const mark of document.querySelectorAll(ERROR)) {
    const label = mark.getAttribute("aria-label") ?? "";
    errors[ownerOf(mark)] ||= mark.title || label.replace(/^Panel (?:status|header error)$/, "");
  }
  for (const alert of document.querySelectorAll(ALERT)) {
    const says = alert.textContent.trim();
    if (/^(?:Panel plugin not found|Error loading): /.test(says)) errors[ownerOf(alert)] ||= says;
  }
  return {
    mounted: panels.map(idOf),
    drawn,
    empty,
    titles,
    loading,
    errors,
    bottom,
    hidden,
    hash: String(hash >>> 0),
    path: location.pathname,
  };
})()`;
