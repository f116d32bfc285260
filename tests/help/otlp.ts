export type SentSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: { name: string; value: unknown }[];
  failed: boolean;
  service: string;
};

type Value = { stringValue?: string; intValue?: number | string };
type Attribute = { key: string; value: Value };

const plain = (attributes: Attribute[]) =>
  attributes.map(({ key, value }) => ({ name: key, value: value.stringValue ?? value.intValue }));

/** An OpenTelemetry receiver: OTLP over HTTP, in JSON. */
export function startReceiver({ hangs = false, port = 0 } = {}) {
  const bodies: string[] = [];
  const requests: { path: string; headers: Headers }[] = [];
  const ended = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen() {} }, async (request) => {
    requests.push({ path: new URL(request.url).pathname, headers: request.headers });
    bodies.push(await request.text());
    if (hangs) await ended.promise;
    return Response.json({});
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    /** All that arrived, as it was sent. */
    text: () => bodies.join("\n"),
    spans: (): SentSpan[] =>
      bodies.flatMap((body) => JSON.parse(body).resourceSpans).flatMap((of) => {
        const [service] = of.resource.attributes.filter(({ key }: Attribute) =>
          key === "service.name"
        );
        // deno-lint-ignore no-explicit-any
        return of.scopeSpans.flatMap(({ spans }: any) => spans).map((span: any) => ({
          ...span,
          attributes: plain(span.attributes),
          failed: span.status.code === 2,
          service: service.value.stringValue,
        }));
      }),
    async [Symbol.asyncDispose]() {
      ended.resolve();
      await server.shutdown();
    },
  };
}
