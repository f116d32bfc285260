import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import type { Signs } from "../../src/previews/signs.ts";
import { evaluatePanels } from "../../src/previews/evaluate.ts";
import { NetworkLog } from "../../src/previews/network_log.ts";
import { Readiness } from "../../src/previews/readiness.ts";

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

/** A network on which panel 4 has its rows. */
function answered(...panels: ReturnType<typeof panel>[]): NetworkLog {
  const network = new NetworkLog(panels);
  network.note({
    what: "sent",
    id: "a",
    method: "POST",
    url: "http://grafana/api/ds/query",
    headers: { "x-panel-id": "4" },
    kind: "Fetch",
    opensDocument: false,
  });
  const results = { A: { frames: [{ data: { values: [[1]] } }] } };
  network.read("a", JSON.stringify({ results }));
  return network;
}

/** The check that finds the page ready, of 60 that are 100 ms apart; undefined if none does. */
function readyAt(network: NetworkLog, signs: (i: number) => Partial<Signs>): number | undefined {
  const readiness = new Readiness();
  for (let i = 0; i < 60; i++) {
    if (readiness.check(network, { ...SIGNS, ...signs(i) }, i * 100)) return i;
  }
}

Deno.test("Readiness waits for five calm checks, one after the other", () => {
  equal(readyAt(new NetworkLog([]), () => ({})), 4);
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
  equal(readyAt(new NetworkLog([panel(4)]), () => drawn), undefined, "never asked");
  equal(readyAt(answered(panel(4)), () => ({})), undefined, "not mounted");
  equal(readyAt(answered(panel(4), panel(5, false)), () => drawn), undefined, "text not mounted");
  equal(readyAt(answered(panel(4)), () => ({ ...drawn, loading: [4] })), undefined);
  equal(readyAt(answered(panel(4)), () => ({ ...drawn, loading: [0] })), undefined, "page's own");
  equal(readyAt(new NetworkLog([panel(4)]), () => ({ ...drawn, errors: { 4: "" } })), 4);
});

Deno.test("Readiness waits for a clock no longer than 2 s", () => {
  const at = readyAt(answered(panel(4)), (i) => ({ mounted: [4], hash: String(i) }))!;
  ok(at >= 20 && at <= 24, `check ${at}`);
});

Deno.test("Readiness waits 1.5 s for other traffic, then no longer", () => {
  const busy = () => {
    const network = answered(panel(4));
    const request = { method: "GET", url: "http://grafana/x", headers: {}, kind: "Fetch" };
    network.note({ what: "sent", id: "poll", opensDocument: false, ...request });
    return network;
  };
  equal(readyAt(busy(), () => ({ mounted: [4] })), 19);
  equal(readyAt(busy(), (i) => ({ mounted: [4], loading: i === 9 ? [4] : [] })), 29);
});

Deno.test("Readiness takes a drawn panel that asks for nothing over the network as finished after 3 s", () => {
  equal(readyAt(new NetworkLog([panel(4)]), () => ({ mounted: [4], drawn: [4] })), 34);
  equal(
    readyAt(new NetworkLog([panel(4)]), () => ({ mounted: [4] })),
    undefined,
    "nothing is drawn",
  );
  const loading = { mounted: [4], drawn: [4], loading: [4] };
  equal(readyAt(new NetworkLog([panel(4)]), () => loading), undefined);
  const asking = new NetworkLog([panel(4)]);
  const request = {
    method: "POST",
    url: "http://grafana/api/ds/query",
    headers: {},
    kind: "Fetch",
  };
  asking.note({ what: "sent", id: "variable", opensDocument: false, ...request });
  const drawn = { mounted: [4], drawn: [4] };
  equal(readyAt(asking, () => drawn), undefined, "a variable's query is under way");
});

Deno.test("evaluatePanels() prefers the document when it shows less than the network log", () => {
  const signs = { ...SIGNS, mounted: [4], drawn: [4] };
  const state = (network: NetworkLog, more: Partial<Signs>, isFinished = false) =>
    evaluatePanels(network, { ...signs, ...more }, isFinished).map(({ id, state }) =>
      `${id} ${state}`
    );
  same(state(answered(panel(4)), {}), ["4 loaded"]);
  same(
    state(answered(panel(4)), { empty: [4] }),
    ["4 empty"],
    "a transformation took all rows out",
  );
  same(state(new NetworkLog([panel(4)]), {}), ["4 waiting"]);
  same(state(new NetworkLog([panel(4)]), {}, true), ["4 loaded"], "drawn in the page");
  same(state(new NetworkLog([panel(4)]), { empty: [4] }, true), ["4 empty"]);
});

Deno.test("evaluatePanels() finds the copies of a repeated panel, under ids of their own or all under one", () => {
  const repeated = { ...panel(4), isRepeated: true };
  const shown = (mounted: number[]) =>
    evaluatePanels(answered(repeated), { ...SIGNS, mounted, titles: { 9: "Of b" } })
      .map(({ id, title, state }) => `${id} ${title} ${state}`);
  same(shown([4, 9]), ["4  loaded", "9 Of b waiting"]);
  same(shown([4, 4]), ["4  waiting"], "the second has not asked");
  same(
    evaluatePanels(answered(panel(4)), { ...SIGNS, mounted: [4, 9] }).length,
    1,
    "none is repeated",
  );
});
