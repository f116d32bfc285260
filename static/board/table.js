// Rows, bad values in red and counts coloured by size.

import { element } from "./chart.js";
import { readableOn } from "./theme.js";
import { colorOf, moment, text } from "./units.js";

export function drawTable(panel, content, columns) {
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
      if (colored && value !== null) paint(cell, colored, colorOf(config, 0, value));
      line.append(cell);
    }
  }
  const box = element("div", "rows");
  box.tabIndex = 0; // it scrolls, by keyboard too
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", panel.title || "Rows");
  box.append(table);
  content.append(box);
}

function paint(cell, how, color) {
  if (how === "color-text") cell.style.color = color;
  if (!how.startsWith("color-background")) return;
  cell.style.background = color;
  cell.style.color = readableOn(color);
}
