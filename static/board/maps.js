// Scatter plots and heat maps.

import { AXIS, chart, EDGES, element, LINES, onAxis, timeAxis } from "./chart.js";
import { BLUES, GRID } from "./theme.js";
import { colorOf, moment, text } from "./units.js";

/** The first number is x, the others y; texts appear on hover. */
export function drawPoints(panel, content, columns) {
  const [x, ...ys] = columns.filter(({ type }) => type === "number");
  if (!x || ys.length === 0) return false;
  const texts = columns.filter(({ type }) => type === "string");
  const custom = panel.fieldConfig?.defaults?.custom ?? {};
  const axis = (config) => ({
    type: "value",
    scale: true,
    ...AXIS,
    axisLabel: { ...AXIS.axisLabel, formatter: onAxis(config), hideOverlap: true },
    splitLine: LINES,
    axisLine: { show: true, onZero: false, lineStyle: { color: GRID } },
  });
  // A value that is the same in all rows becomes the caption.
  const [caption] = texts.filter(({ values }) => values[0] && values.every((v) => v === values[0]));
  if (caption) content.append(element("div", "caption", caption.values[0]));
  chart(content, {
    grid: { ...EDGES, right: 30 },
    tooltip: {
      formatter: ({ value: [px, py], dataIndex }) =>
        [
          `${x.name} ${text(px, x.config)}, ${ys[0].name} ${text(py, ys[0].config)}`,
          ...texts.map(({ name, values }) => `${name}: ${values[dataIndex] ?? ""}`),
        ].join("\n"),
    },
    xAxis: axis(x.config),
    yAxis: axis(ys[0].config),
    series: ys.map((y, i) => ({
      name: y.name,
      type: "scatter",
      symbolSize: custom.pointSize?.fixed ?? 5,
      itemStyle: { color: colorOf(y.config, i, 0), opacity: (custom.fillOpacity ?? 50) / 100 },
      data: y.values.map((value, row) => [x.values[row], value]),
    })),
  });
}

/** Rows of (time, number) counted in cells: `calculation` says how many cells wide and high. */
export function drawHeatmap(panel, content, columns, range) {
  const time = columns.find(({ type }) => type === "time");
  const value = columns.find(({ type }) => type === "number");
  const numbers = value?.values.filter((number) => number !== null) ?? [];
  if (!time || numbers.length === 0) return false;
  const { xBuckets, yBuckets } = panel.options?.calculation ?? {};
  const across = Number(xBuckets?.value) || 30;
  const up = Number(yBuckets?.value) || 20;
  const low = numbers.reduce((least, v) => Math.min(least, v), Infinity);
  const high = numbers.reduce((most, v) => Math.max(most, v), -Infinity);
  const wide = (range.to - range.from) / across;
  const tall = (high - low) / up || 1;
  const counts = new Map();
  value.values.forEach((number, row) => {
    if (number === null) return;
    const column = Math.floor((time.values[row] - range.from) / wide);
    const key = column * up + Math.min(Math.floor((number - low) / tall), up - 1);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  const most = Math.max(...counts.values());
  const config = { ...value.config, unit: panel.options?.yAxis?.unit ?? value.config.unit };
  chart(content, {
    grid: EDGES,
    useUTC: true,
    tooltip: {
      formatter: ({ value: [from, bottom, count] }) =>
        `${moment(from)} to ${moment(from + wide)}\n` +
        `${text(bottom, config)} to ${text(bottom + tall, config)}: ${count}`,
    },
    xAxis: timeAxis(range),
    yAxis: {
      type: "value",
      min: low,
      max: high > low ? high : low + 1,
      ...AXIS,
      axisLabel: {
        ...AXIS.axisLabel,
        formatter: onAxis(config),
        showMinLabel: false,
        showMaxLabel: false,
      },
      splitLine: LINES,
    },
    series: [{
      type: "custom",
      clip: true,
      encode: { x: 0, y: 1 },
      data: [...counts].map(([key, count]) => ({
        value: [range.from + Math.floor(key / up) * wide, low + key % up * tall, count],
        itemStyle: { color: shade(count / most) },
      })),
      renderItem: (_, api) => {
        const [left, bottom] = api.coord([api.value(0), api.value(1)]);
        const [right, top] = api.coord([api.value(0) + wide, api.value(1) + tall]);
        const shape = { x: left, y: top, width: right - left - 1, height: bottom - top - 1 };
        return { type: "rect", shape, style: { fill: api.visual("color") } };
      },
    }],
  });
}

/** By square root, so that small counts stay visible. */
function shade(share) {
  return BLUES[Math.min(Math.floor(Math.sqrt(share) * BLUES.length), BLUES.length - 1)];
}
