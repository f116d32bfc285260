import type { Context } from "@opentelemetry/api";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { Log } from "../log/log.ts";
import { type Span, traceBy, type Tracer } from "./span.ts";

export type TraceOptions = {
  /** Of the receiver; `/v1/traces` is put behind it. */
  endpoint: string;
  headers: Record<string, string>;
  service_name: string;
};

/** Spans that wait at most; further ones are dropped. */
const MOST_WAITING = 2_048;
const WAIT_MS = 1_000;
const LIMIT_MS = 5_000;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Sends the spans from now on as OTLP/HTTP in JSON; returns what sends the last ones. Loads packages: 0.2 s. */
export async function startTracing(options: TraceOptions, log: Log): Promise<() => Promise<void>> {
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }, api] = await Promise.all([
    import("@opentelemetry/sdk-trace-base"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/resources"),
    import("@opentelemetry/api"),
  ]);
  const { endpoint, headers, service_name } = options;
  const url = `${endpoint}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, headers, timeoutMillis: LIMIT_MS });
  const provider = new sdk.BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": service_name }),
    spanProcessors: [
      new sdk.BatchSpanProcessor(warning(exporter, log), {
        maxQueueSize: MOST_WAITING,
        scheduledDelayMillis: WAIT_MS,
        exportTimeoutMillis: LIMIT_MS,
      }),
    ],
  });
  traceBy(tracerOf(provider.getTracer("dashkeeper"), api));
  return async () => {
    traceBy(undefined);
    await provider.shutdown();
  };
}

/** Logs the first failure, and that it has passed. */
function warning(exporter: SpanExporter, log: Log): SpanExporter {
  let isFailing = false;
  return {
    export(spans: ReadableSpan[], done) {
      exporter.export(spans, (result) => {
        const failed = result.code !== 0;
        if (failed !== isFailing) {
          if (failed) log.warn("The traces cannot be sent. Check OTEL_EXPORTER_OTLP_ENDPOINT.");
          else log.info("The traces are sent again.");
        }
        isFailing = failed;
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}

type Api = typeof import("@opentelemetry/api");

function tracerOf(tracer: ReturnType<Api["trace"]["getTracer"]>, api: Api): Tracer {
  return {
    start(span, parent) {
      const kind = api.SpanKind[KINDS[span.kind ?? "internal"]];
      const one = tracer.startSpan(span.name, { kind }, contextOf(api, parent));
      const { traceId, spanId, traceFlags } = one.spanContext();
      return {
        traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`,
        end() {
          one.updateName(span.name);
          one.setAttributes(setOnes(span));
          if (span.error) one.setStatus({ code: api.SpanStatusCode.ERROR });
          one.end();
        },
      };
    },
  };
}

const KINDS = { internal: "INTERNAL", server: "SERVER", client: "CLIENT" } as const;

function setOnes({ attributes, error }: Span): Record<string, string | number> {
  const all = Object.entries({ ...attributes, "error.type": error });
  return Object.fromEntries(
    all.flatMap(([name, value]) => value === undefined ? [] : [[name, value]]),
  );
}

function contextOf({ trace, ROOT_CONTEXT }: Api, parent: string | undefined): Context {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(parent ?? "") ?? [];
  if (!traceId || !spanId || !flags) return ROOT_CONTEXT;
  const span = { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, span);
}
