import { ok, strictEqual as equal } from "node:assert";
import type { Signs } from "../src/dashboards/film_probe.ts";
import { Wire } from "../src/dashboards/film_wire.ts";
import { Readiness } from "../src/dashboards/readiness.ts";

const PAGE = { bottom: 0, hidden: 0, path: "/" };
const SIGNS: Signs = {
  ...PAGE,
  mounted: [],
  loading: [],
  errors: {},
  hash: "a",
  drawn: [],
  empty: [],
  titles: {},
};
const panel = (id: number, hasQuery = true) => ({ id, title: "", hasQuery });

/** A wire on which panel 4 has its rows. */
function answered(...panels: ReturnType<typeof panel>[]): Wire {
  const wire = new Wire(panels);
  wire.note({
    what: "sent",
    id: "a",
    method: "POST",
    url: "http://grafana/api/ds/query",
    headers: { "x-panel-id": "4" },
    kind: "Fetch",
    opensDocument: false,
  });
  const results = { A: { frames: [{ data: { values: [[1]] } }] } };
  wire.judge("a", JSON.stringify({ results }));
  return wire;
}

/** The check that finds the page ready, of 60 that are 100 ms apart; undefined if none does. */
function readyAt(wire: Wire, signs: (i: number) => Partial<Signs>): number | undefined {
  const readiness = new Readiness();
  for (let i = 0; i < 60; i++) {
    if (readiness.check(wire, { ...SIGNS, ...signs(i) }, i * 100)) return i;
  }
}

Deno.test("Readiness waits for five calm checks, one after the other", () => {
  equal(readyAt(new Wire([]), () => ({})), 4);
  equal(readyAt(answered(panel(4)), () => ({ mounted: [4] })), 4);
  equal(
    readyAt(answered(panel(4)), (i) => ({ mounted: [4], loading: i === 3 ? [4] : [] })),
    8,
    "a loading sign begins it anew",
  );
  equal(readyAt(answered(panel(4)), (i) => ({ mounted: [4], hash: i < 3 ? "a" : "b" })), 7);
});

Deno.test("Readiness waits for what is asked, drawn, mounted and loading, and not for a missing source", () => {
  const drawn = { mounted: [4] };
  equal(readyAt(new Wire([panel(4)]), () => drawn), undefined, "never asked");
  equal(readyAt(answered(panel(4)), () => ({})), undefined, "not mounted");
  equal(readyAt(answered(panel(4), panel(5, false)), () => drawn), undefined, "text not mounted");
  equal(readyAt(answered(panel(4)), () => ({ ...drawn, loading: [4] })), undefined);
  equal(readyAt(answered(panel(4)), () => ({ ...drawn, loading: [0] })), undefined, "page's own");
  equal(readyAt(new Wire([panel(4)]), () => ({ ...drawn, errors: { 4: "" } })), 4);
});

Deno.test("Readiness waits for a clock no longer than 2 s", () => {
  const at = readyAt(answered(panel(4)), (i) => ({ mounted: [4], hash: String(i) }))!;
  ok(at >= 20 && at <= 24, `check ${at}`);
});
