/** Loaded into a service before its own code: SIGUSR2 throws where nobody catches it. */
Deno.addSignalListener("SIGUSR2", () => {
  setTimeout(function planted() {
    throw new RangeError("a secret");
  });
});
