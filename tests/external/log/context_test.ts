import { deepStrictEqual as same, strictEqual as equal } from "node:assert/strict";
import { AppError, ExternalError } from "../../../src/errors.ts";
import { logFailure } from "../../../src/external/log/failure.ts";
import { logHere, requestIdHere, withLog } from "../../../src/external/log/log.ts";
import { keptIn } from "../../help/log.ts";

Deno.test("withLog() gives its id to each line of the work, across waits, and to no other", async () => {
  const lines: string[] = [];
  const log = keptIn(lines);
  const work = (request_id: string) =>
    withLog({ log, request_id }, async () => {
      await new Promise((done) => setTimeout(done, 5));
      logHere().info("Inside.");
      log.info("By the log itself.");
      equal(requestIdHere(), request_id);
    });
  await Promise.all([work("a"), work("b")]);
  log.info("Outside.");
  logHere().info("Nowhere.");
  same(lines, [
    'INFO Inside. {"request_id":"a"}',
    'INFO By the log itself. {"request_id":"a"}',
    'INFO Inside. {"request_id":"b"}',
    'INFO By the log itself. {"request_id":"b"}',
    "INFO Outside. {}",
  ]);
  withLog(
    { log, request_id: "a" },
    () => withLog({ log }, () => equal(requestIdHere(), undefined)),
  );
});

Deno.test("logFailure() warns of what is retried, and calls the rest ERROR, without foreign messages", () => {
  const lines: string[] = [];
  const fault = new TypeError("the secret is hush");
  const errors = [
    new ExternalError("Slack", "Slack did not answer in time. Retrying.", false, {
      code: "timeout",
    }),
    new ExternalError("Grafana", "Grafana refuses the key.", true),
    new AppError("user_unknown", 404, "There is no such user."),
    Object.assign(new Error("hush"), { code: "ECONNREFUSED" }),
    fault,
    fault, // logged already
  ];
  for (const error of errors) logFailure(keptIn(lines), "It failed.", error, { run: 1 });
  same(lines.map((line) => line.split(" ")[0]), [
    "WARNING",
    "ERROR",
    "WARNING",
    "WARNING",
    "ERROR",
  ]);
  equal(
    lines[0],
    'WARNING It failed. {"run":1,"system":"Slack","reason":"Slack did not answer in time. Retrying.","code":"timeout"}',
  );
  equal(lines.join().includes("hush"), false);
});
