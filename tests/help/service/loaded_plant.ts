/** Loaded into a service before its own code: SIGUSR1 prints how many modules of OpenTelemetry it has loaded. */
import { createRequire } from "node:module";

const { cache } = createRequire(import.meta.url);

Deno.addSignalListener("SIGUSR1", () => {
  const loaded = Object.keys(cache).filter((path) => path.includes("@opentelemetry"));
  console.log(`loaded: ${loaded.length}.`);
});
