// Bar charts, gauges and histograms.

import { AXIS, chart, EDGES, element, legendOf, LINES, onAxis } from "./chart.js";
import { GRID, INK } from "./theme.js";
import { colorOf, text } from "./units.js";

export function drawBarchart(panel, content, columns) {
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
  // Room for the numbers beyond the longest bars; the axis end gets no label.
  const share = upright ? 0.18 : Math.max(0.18, Math.min(0.5, 75 / content.clientWidth * 1.6));
  const room = ({ min, max }) => share * (Math.max(max, 0) - Math.min(min, 0));
  value.min = (ends) => ends.min < 0 ? ends.min - room(ends) : 0;
  value.max = (ends) => ends.max > 0 ? ends.max + room(ends) : 0;
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

/** One row each: name, bar from minimum to maximum, number. */
export function drawGauges(panel, content, columns) {
  const values = columns.find(({ type }) => type === "number");
  const names = columns.find(({ type }) => type === "string");
  if (!values) return false;
  const every = panel.options?.reduceOptions?.values === true;
  const most = panel.options?.reduceOptions?.limit ?? 25;
  const rows = values.values.map((value, i) => ({ value, name: names?.values[i] ?? values.name }))
    .filter(({ value }) => value !== null);
  const shown = every ? rows.slice(0, most) : rows.slice(-1);
  const { min = Math.min(0, ...values.values), max = Math.max(...values.values) } = values.config;
  const list = element("ul", "gauges");
  list.tabIndex = 0; // it scrolls, by keyboard too
  list.setAttribute("aria-label", panel.title || "Values");
  for (const { value, name } of shown) {
    const line = element("li");
    const bar = element("span", "bar");
    const fill = element("i");
    const share = max > min ? (value - min) / (max - min) : 0;
    fill.style.width = `${Math.min(Math.max(share, 0), 1) * 100}%`;
    fill.style.background = colorOf(values.config, 0, value);
    bar.append(fill);
    line.append(element("span", "name", name), bar, element("b", "", text(value, values.config)));
    line.firstChild.title = name;
    list.append(line);
  }
  content.append(list);
  return shown.length > 0;
}

/** A round bucket size that divides `span` into about `wanted` buckets. */
function roundStep(span, wanted) {
  const size = 10 ** Math.floor(Math.log10(span / wanted));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * size).find((step) => span / step <= wanted);
}

/** Buckets are `panel.options.bucketSize` wide, or a round size. */
export function drawHistogram(panel, content, columns) {
  const series = columns.filter(({ type }) => type === "number");
  const all = series.flatMap(({ values }) => values.filter((value) => value !== null));
  if (all.length === 0) return false;
  const [low, high] = all.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [
    Infinity,
    -Infinity,
  ]);
  const step = panel.options?.bucketSize || roundStep(high - low || Math.abs(high) || 1, 30);
  const bucketOf = (value) => Math.floor(value / step + 1e-9);
  const [from, to] = [bucketOf(low), bucketOf(high)];
  const config = series[0].config;
  const edges = Array.from({ length: to - from + 1 }, (_, i) => (from + i) * step);
  const names = series.map(({ name, config }) => config.displayName ?? name);
  const colors = series.map(({ config }, i) => colorOf(config, i, 0));
  if (panel.options?.legend?.showLegend) content.append(legendOf(names, colors));
  const at = (edge) => text(edge, { unit: config.unit });
  chart(content, {
    grid: { ...EDGES, top: 16 },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      formatter: (points) =>
        `${at(edges[points[0].dataIndex])} to ${at(edges[points[0].dataIndex] + step)}\n` +
        points.filter(({ value }) => value > 0).map(({ seriesName, value }) =>
          `${seriesName}: ${value}`
        ).join("\n"),
    },
    xAxis: {
      type: "category",
      data: edges,
      ...AXIS,
      axisLabel: { ...AXIS.axisLabel, hideOverlap: true, formatter: (edge) => at(Number(edge)) },
      axisLine: { lineStyle: { color: GRID } },
    },
    yAxis: { type: "value", minInterval: 1, ...AXIS, splitLine: LINES },
    series: series.map(({ values }, i) => ({
      name: names[i],
      type: "bar",
      stack: "all",
      barCategoryGap: "4%",
      itemStyle: { color: colors[i] },
      data: countIn(values, from, to, bucketOf),
    })),
  });
}

function countIn(values, from, to, bucketOf) {
  const counts = new Array(to - from + 1).fill(0);
  for (const value of values) if (value !== null) counts[bucketOf(value) - from]++;
  return counts;
}
