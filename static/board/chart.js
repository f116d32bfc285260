// Shared by all panel types: elements, axes, charts, legends.

/* global echarts */

import { GRID, INK, PAPER, SOFT } from "./theme.js";
import { text } from "./units.js";

export const FONT = 'Inter, "Helvetica Neue", Arial, "Liberation Sans", sans-serif';

export function element(name, className, content) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (content !== undefined) node.textContent = content;
  return node;
}

/** Puts a chart into the panel, above what is there. */
export function chart(content, option) {
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
      backgroundColor: PAPER,
      borderColor: GRID,
      textStyle: { fontSize: 12, color: INK },
      ...option.tooltip,
    },
  });
}

export const AXIS = { axisLabel: { color: SOFT, fontSize: 12 }, axisTick: { show: false } };
export const LINES = { show: true, lineStyle: { color: GRID } };

/** Tick labels have only the digits that distinguish them. */
export const onAxis = ({ unit }, values = []) => {
  const significant = digitsOf(values);
  return (value) => text(value, { unit, significant });
};

/** The digits that distinguish five ticks around these values, at least 3. */
function digitsOf(values) {
  const known = values.filter((value) => typeof value === "number");
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const largest = Math.max(Math.abs(low), Math.abs(high));
  if (known.length === 0 || low === high) return 3;
  return Math.min(Math.max(Math.ceil(Math.log10(5 * largest / (high - low))) + 1, 3), 9);
}

/** How a time axis writes its ticks. */
export const CLOCK = {
  year: "{yyyy}",
  month: "{yyyy}-{MM}",
  day: "{MM}-{dd}",
  hour: "{HH}:{mm}",
  minute: "{HH}:{mm}",
  second: "{HH}:{mm}:{ss}",
};

export function legendOf(names, colors) {
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

/** The time axis over the board's range. */
export function timeAxis(range) {
  return {
    type: "time",
    min: range.from,
    max: range.to,
    ...AXIS,
    axisLabel: { ...AXIS.axisLabel, hideOverlap: true, formatter: CLOCK },
    splitLine: LINES,
    axisLine: { onZero: false, lineStyle: { color: GRID } },
  };
}

/** Room around a chart: labels count. */
export const EDGES = { left: 8, right: 14, top: 12, bottom: 4, containLabel: true };
