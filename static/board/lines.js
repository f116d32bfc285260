// Time series and state timelines.

import { AXIS, chart, EDGES, legendOf, LINES, onAxis, timeAxis } from "./chart.js";
import { GRID, INK, themed } from "./theme.js";
import { colorOf, mapped, moment, text } from "./units.js";

export function drawTimeseries(panel, content, columns, range) {
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
    grid: EDGES,
    tooltip: { trigger: "axis", valueFormatter: (value) => text(value, defaults) },
    xAxis: timeAxis(range),
    yAxis: {
      type: log ? "log" : "value",
      scale: true,
      ...AXIS,
      splitNumber: 5,
      ...(log
        ? logScale(series.flatMap(({ values }) => values.filter((value) => value > 0)), defaults)
        : {
          axisLabel: {
            ...AXIS.axisLabel,
            formatter: onAxis(defaults, series.flatMap(({ values }) => values)),
          },
          splitLine: LINES,
          ...(defaults.decimals === 0 && { minInterval: 1 }),
        }),
    },
    series: series.flatMap(({ values }, i) => {
      const color = colors[i];
      const data = values.map((value, row) => [time.values[row], seen(value)]);
      const line = {
        name: names[i],
        type: "line",
        data,
        connectNulls: custom.spanNulls === true,
        showSymbol: false,
        lineStyle: { width: custom.lineWidth ?? 1, color },
        itemStyle: { color },
        markLine: i === 0 ? limitsOf(defaults) : undefined,
        areaStyle: custom.fillOpacity ? { color, opacity: custom.fillOpacity / 100 } : undefined,
      };
      const points = data.filter(([at, number]) => at !== null && number !== null);
      // Without any point the library's one shape of them throws.
      if (custom.showPoints === "never" || points.length === 0) return [line];
      return [line, pointsOf(points, color, custom)];
    }),
    useUTC: true,
  };
  if (legend) content.append(legendOf(names, colors));
  chart(content, option);
}

/** One shape for all points: a symbol per point takes three times as long. */
const pointsOf = (data, color, { pointSize = 5 }) => ({
  type: "scatter",
  data,
  large: true,
  largeThreshold: 0,
  progressive: 0,
  silent: true,
  symbolSize: pointSize,
  itemStyle: { color },
  tooltip: { show: false },
});

const FEWEST_TICKS = 2;

/** The ticks of a logarithmic axis between two powers of 10, so many of these steps in a decade. */
function logTicks(from, to, steps) {
  const ticks = [];
  for (let power = Math.floor(from); power <= to; power++) {
    for (const step of steps) {
      const tick = step * 10 ** power;
      if (Math.log10(tick) >= from && Math.log10(tick) <= to) ticks.push(tick);
    }
  }
  return ticks;
}

/** A logarithmic axis around these values, its ticks at 1, 2 and 5, over many decades at 1, within one at more. */
function logScale(values, config) {
  const [low, high] = [Math.min(...values), Math.max(...values)].map(Math.log10);
  const air = Math.max((high - low) * 0.06, 0.05);
  const tenths = Array.from({ length: 90 }, (_, i) => (i + 10) / 10);
  const choices = [high - low > 2.2 ? [1] : [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9], tenths];
  const found = choices.map((steps) => logTicks(low - air, high + air, steps));
  const customValues = found.find((ticks) => ticks.length >= FEWEST_TICKS) ?? found.at(-1);
  return {
    min: 10 ** (low - air),
    max: 10 ** (high + air),
    axisLabel: {
      ...AXIS.axisLabel,
      formatter: onAxis(config),
      customValues,
    },
    splitLine: { ...LINES, customValues },
    axisTick: { show: false, customValues },
  };
}

/** Threshold lines, if the panel shows them. */
function limitsOf({ custom, thresholds }) {
  if ((custom?.thresholdsStyle?.mode ?? "off") === "off") return undefined;
  return {
    silent: true,
    symbol: "none",
    label: { show: false },
    data: (thresholds?.steps ?? []).filter(({ value }) => value !== null).map((step) => ({
      yAxis: step.value,
      lineStyle: { color: themed(step.color), type: "solid", width: 1, opacity: 0.8 },
    })),
  };
}

/** One row of blocks per series; a state lasts until the next one or the end of the range. */
export function drawStates(panel, content, columns, range) {
  const time = columns.find(({ type }) => type === "time");
  const series = columns.filter(({ type }) => type !== "time");
  if (!time || series.length === 0) return false;
  const blocks = series.flatMap(({ values, config }, row) =>
    statesOf(time.values, values, range.to).map(({ from, to, value }) => {
      const { label, color } = mapped(value, config, row);
      return { value: [row, from, to], name: label, itemStyle: { color } };
    })
  );
  if (blocks.length === 0) return false;
  const looks = new Map(blocks.map(({ name, itemStyle }) => [name, itemStyle.color]));
  if (panel.options?.legend?.showLegend) {
    content.append(legendOf([...looks.keys()], [...looks.values()]));
  }
  const height = panel.options?.rowHeight ?? 0.9;
  chart(content, {
    grid: EDGES,
    useUTC: true,
    tooltip: {
      formatter: ({ name, value: [, from, to] }) => `${name}\n${moment(from)} to ${moment(to)}`,
    },
    xAxis: timeAxis(range),
    yAxis: {
      type: "category",
      data: series.map(({ name, config }) => config.displayName ?? name),
      inverse: true,
      ...AXIS,
      axisLabel: { ...AXIS.axisLabel, color: INK },
      axisLine: { lineStyle: { color: GRID } },
    },
    series: [{
      type: "custom",
      encode: { x: [1, 2], y: 0 },
      data: blocks,
      clip: true,
      renderItem: (_, api) => {
        const [left, middle] = api.coord([api.value(1), api.value(0)]);
        const [right] = api.coord([api.value(2), api.value(0)]);
        const tall = api.size([0, 1])[1] * height;
        const shape = {
          x: left,
          y: middle - tall / 2,
          width: Math.max(right - left, 2),
          height: tall,
        };
        return { type: "rect", shape, style: { fill: api.visual("color"), opacity: 0.85 } };
      },
    }],
  });
}

/** Merges neighbours of one value; missing values do not end a block. */
function statesOf(times, values, end) {
  const found = [];
  values.forEach((value, i) => {
    if (value === null || found.at(-1)?.value === value) return;
    if (found.length > 0) found.at(-1).to = times[i];
    found.push({ from: times[i], to: end, value });
  });
  return found;
}
