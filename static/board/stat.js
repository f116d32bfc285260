// A large number, with its trend behind it.

import { element, FONT } from "./chart.js";
import { colorOf, pieces } from "./units.js";

const context = document.createElement("canvas").getContext("2d");

/** What a value leaves free: some air, the line of the name (board.css), and its own line height. */
const AIR_PX = 16, NAME_PX = 24, LINE_HEIGHT = 1.15;

/** A font size at which `content` fills `width`, at most `most` px. */
function fitting(content, width, most) {
  context.font = `500 100px ${FONT}`;
  return Math.max(14, Math.floor(Math.min(most, width / context.measureText(content).width * 100)));
}

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

export function drawStat(panel, content, columns) {
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
  const name = panel.options?.textMode === "value_and_name" &&
    columns.find(({ type }) => type === "string")?.values[0];
  const room = (content.clientHeight - AIR_PX - (name ? NAME_PX : 0)) / LINE_HEIGHT;
  const most = Math.min(room, panel.options?.graphMode === "area" ? 40 : 46);
  line.style.fontSize = `${fitting(number + unit, content.clientWidth - 24, most)}px`;
  line.style.color = color;
  box.append(line);
  if (name) box.append(element("div", "name", name));
  const svg = panel.options?.graphMode === "area" && !rows ? course(values, color) : null;
  if (svg) {
    box.classList.add("with-course");
    box.append(svg);
  }
  content.append(box);
}
