import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What this process has counted since its start; gauges are read at each scrape. */
const counted = new Registry();
const registers = [counted];

export const httpRequests = new Counter({
  name: "dashkeeper_http_requests_total",
  help: "HTTP requests by route pattern, method and status.",
  labelNames: ["route", "method", "status"],
  registers,
});
export const httpSeconds = new Histogram({
  name: "dashkeeper_http_request_duration_seconds",
  help: "Time from a request to the beginning of its answer, by route pattern and method.",
  labelNames: ["route", "method"],
  buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers,
});
export const stepSeconds = new Histogram({
  name: "dashkeeper_step_duration_seconds",
  help: "Time of one attempt at a step, successful or not.",
  labelNames: ["step"],
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
  registers,
});
export const captures = new Counter({
  name: "dashkeeper_captures_total",
  help: 'Captures by outcome; "failed": no page was evaluated.',
  labelNames: ["outcome"],
  registers,
});
export const gifBytes = new Histogram({
  name: "dashkeeper_gif_bytes",
  help: "Size of the recorded GIF previews.",
  buckets: [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384].map((kib) => kib * 1024),
  registers,
});
const slackAnswers = new Counter({
  name: "dashkeeper_slack_answers_total",
  help: 'Answers to calls of Slack by method and result: "ok" or the error code.',
  labelNames: ["method", "result"],
  registers,
});
export const scanTicks = new Counter({
  name: "dashkeeper_scan_ticks_total",
  help: "Scans begun.",
  registers,
});
export const databasesOpened = new Counter({
  name: "dashkeeper_databases_opened_total",
  help: "User databases that scans opened because they had changed.",
  registers,
});
export const logErrors = new Counter({
  name: "dashkeeper_log_errors_total",
  help: "Log lines of the level ERROR.",
  registers,
});

/** Error codes are foreign text. */
const MOST_RESULTS = 100;
const results = new Set<string>();

export function countSlackAnswer(method: string, result: string): void {
  if (results.size < MOST_RESULTS) results.add(result);
  slackAnswers.inc({ method, result: results.has(result) ? result : "other" });
}

export type Labels = Record<string, string>;
/** One gauge as it was read; without values where it could not be. */
export type Reading = { name: string; help: string; values: [value: number, labels?: Labels][] };

export const EXPOSITION_TYPE = counted.contentType;

/** Everything in the text format of Prometheus. Two scrapes at a time do not mix their readings. */
export async function expose(readings: Reading[]): Promise<string> {
  const registry = new Registry();
  for (const { name, help, values } of readings) {
    const labelNames = Object.keys(values[0]?.[1] ?? {});
    const gauge = new Gauge({ name, help, labelNames, registers: [registry] });
    if (labelNames.length === 0 && values.length === 0) gauge.remove();
    for (const [value, labels = {}] of values) gauge.set(labels, value);
  }
  return await counted.metrics() + await registry.metrics();
}
