/** Loaded into a service before its own code: SIGUSR1 prints how many modules of OpenTelemetry's SDK it has loaded. */
import { createRequire } from "node:module";

const { cache } = createRequire(import.meta.url);

Deno.addSignalListener("SIGUSR1", () => {
  const loaded = Object.keys(cache).filter((path) =>
    /@opentelemetry\/(?:sdk|exporter|otlp)/.test(path)
  );
  console.log(`loaded: ${loaded.length}.`);
});
