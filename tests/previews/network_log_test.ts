import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { evaluateAnswer } from "../../src/previews/answer.ts";
import { NetworkLog } from "../../src/previews/network_log.ts";
import { maskSecrets } from "../../src/external/mask.ts";

const frames = (n: number) => ({
  results: { A: { frames: [{ data: { values: [Array(n).fill(1)] } }] } },
});
const panels = [1, 2].map((id) => ({ id, title: "", hasQuery: true }));
const sent = (id: string, panel: number) => ({
  what: "sent" as const,
  id,
  method: "POST",
  url: "http://grafana/api/ds/query",
  headers: { "x-panel-id": String(panel) },
  kind: "Fetch",
  opensDocument: false,
});
const get = (id: string, url: string) => ({ ...sent(id, 0), method: "GET", url });

Deno.test("evaluateAnswer() tells rows, no rows and errors, with the data source's own sentence", () => {
  const judge = (status: number, answer: unknown) => evaluateAnswer(status, JSON.stringify(answer));
  equal(judge(200, frames(1)).state, "loaded");
  equal(judge(200, frames(0)).state, "empty");
  equal(judge(200, { results: { A: { frames: null }, B: {} } }).state, "empty");
  equal(
    judge(200, { results: { A: frames(0).results.A, B: frames(3).results.A } }).state,
    "loaded",
  );
  same(judge(200, { results: { A: { error: "no such table" }, B: frames(3).results.A } }), {
    state: "error",
    message: "no such table",
  });
  equal(judge(404, { message: "Data source not found" }).message, "Data source not found");
  equal(judge(502, { message: "token=abc" }).message, "token=…");
  equal(evaluateAnswer(502, "<html>").message, "The query returned HTTP 502.");
  equal(evaluateAnswer(200, "<html>").message, "The response to the query could not be read.");
  equal(evaluateAnswer(200, undefined).state, "error");
});

Deno.test("maskSecrets() leaves no password, token or key", () => {
  equal(maskSecrets("postgres://ada:hush@db/x"), "postgres://…@db/x");
  equal(maskSecrets("sent Bearer abc.def to it"), "sent Bearer … to it");
  equal(maskSecrets('{"api_key": "abc def", "a": 1}'), '{"api_key": …, "a": 1}');
  equal(maskSecrets("by glsa_Ab1_2c and xoxb-1-2"), "by … and …");
  equal(maskSecrets("column wns is missing"), "column wns is missing");
});

Deno.test("NetworkLog lets the last query decide, and one taken back say nothing", () => {
  const network = new NetworkLog(panels);
  const states = () => [1, 2].map((id) => network.answers().get(id)?.state);
  network.note(sent("a", 1));
  network.note({ what: "answered", id: "a", status: 200, isEventStream: false });
  equal(network.note({ what: "ended", id: "a" }), true);
  equal(network.isQuiet, false, "its body is not judged yet");
  network.read("a", JSON.stringify(frames(1)));
  equal(network.isQuiet, true);
  same(states(), ["loaded", undefined]);
  network.note(sent("b", 1));
  same(states(), ["waiting", undefined]);
  network.note({ what: "failed", id: "b", isCancelled: true });
  same(states(), ["loaded", undefined]);
  network.note(sent("c", 2));
  network.note({ what: "failed", id: "c", isCancelled: false });
  same(states(), ["loaded", "error"]);
  network.note(sent("v", 9));
  network.note({ what: "ended", id: "v" });
  network.read("v", JSON.stringify(frames(1)));
  equal(network.isQuiet, true, "a variable's query, or another dashboard's");
  network.note({ ...sent("d", 0), kind: "EventSource" });
  equal(network.isQuiet, true);
  network.note({ ...sent("e", 0), kind: "Document", opensDocument: true });
  same([network.isQuiet, ...states()], [false, undefined, undefined]);
});

Deno.test("NetworkLog sees from the page's own calls that the dashboard is gone or refused", () => {
  const calls = [
    "/api/dashboards/uid/dk-1",
    "/apis/dashboard.grafana.app/v1beta1/namespaces/default/dashboards/dk-1/dto",
    "/apis/dashboard.grafana.app/v2beta1/namespaces/default/dashboards/dk-1",
  ];
  for (const path of calls) {
    for (
      const [status, body, refused, gone] of [
        [200, "{}", undefined, false],
        [404, "{}", undefined, true],
        [401, "{}", "denied", false],
        [403, "{}", "forbidden", false],
        [500, '{"message":"invalid API key"}', "denied", false],
        [500, '{"message":"database is locked"}', undefined, false],
      ] as const
    ) {
      const network = new NetworkLog(panels, "dk-1");
      network.note(get("a", `http://grafana${path}`));
      network.note({ what: "answered", id: "a", status, isEventStream: false });
      if (network.note({ what: "ended", id: "a" })) network.read("a", body);
      same([path, status, network.refusal, network.isGone], [path, status, refused, gone]);
    }
  }
  const network = new NetworkLog(panels, "dk-1");
  network.note(get("a", "http://grafana/api/dashboards/uid/dk-10"));
  equal(network.note({ what: "ended", id: "a" }), false, "another one's");
});

const query = (id: string, panel: number, source: string) => {
  const event = sent(id, panel);
  return { ...event, headers: { ...event.headers, "x-datasource-uid": source } };
};
const answer = (network: NetworkLog, id: string, body: unknown) => {
  network.note({ what: "ended", id });
  network.read(id, JSON.stringify(body));
};

Deno.test("NetworkLog counts nothing that a board is not drawn from", () => {
  const network = new NetworkLog(panels);
  const kinds = [
    "EventSource",
    "WebSocket",
    "Ping",
    "Prefetch",
    "CSPViolationReport",
    "Preflight",
  ];
  for (const kind of kinds) {
    network.note({ ...get(kind, "http://grafana/x"), kind });
  }
  for (
    const url of [
      "blob:http://grafana/1",
      "data:image/svg+xml,x",
      "chrome-extension://x/y",
    ]
  ) {
    network.note({ ...get(url, url), kind: "Script" });
  }
  equal(network.isQuiet, true);
  network.note({ ...get("script", "http://grafana/public/build/a.js"), kind: "Script" });
  equal(network.isQuiet, false);
});

Deno.test("NetworkLog puts together what a mixed panel's sources answered, the last of each", () => {
  const network = new NetworkLog(panels);
  const state = () => network.answers().get(1)!.state;
  network.note(query("a", 1, "timing"));
  network.note(query("b", 1, "qor"));
  answer(network, "a", frames(3));
  equal(state(), "waiting", "qor has not answered");
  answer(network, "b", { results: { A: { error: "no" } } });
  equal(state(), "error");
  network.note(query("c", 1, "qor"));
  answer(network, "c", frames(0));
  equal(state(), "loaded", "qor was asked again");
});

Deno.test("NetworkLog counts every copy of a repeated panel, also under another id", () => {
  const network = new NetworkLog([{ id: 1, title: "Of $c", hasQuery: true, isRepeated: true }]);
  network.note(query("a", 1, "timing"));
  for (const id of ["b", "c"]) {
    const copy = query(id, 1063934633, "timing");
    network.note({ ...copy, headers: { ...copy.headers, "x-panel-title": "Of $c" } });
  }
  answer(network, "c", frames(1));
  answer(network, "a", frames(1));
  equal(network.answers().get(1)!.state, "waiting");
  answer(network, "b", { results: { A: { error: "division by zero" } } });
  same([network.answers().get(1)!.state, network.queriesOf(1)], ["error", 3]);
});
