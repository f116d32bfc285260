import { deepStrictEqual as same, match, ok, strictEqual as equal, throws } from "node:assert";
import {
  ConfigError,
  grafanaOf,
  logOf,
  readConfig,
  serverOf,
  tracesOf,
  VARIABLES,
} from "../src/config.ts";

const SEAL_KEY = new Uint8Array(32).fill(7).toBase64();
const read = (env: Record<string, string>) => readConfig((name) => env[name]);

/** The faults that this environment has, one a line. */
function faultsOf(env: Record<string, string>): string[] {
  try {
    read(env);
  } catch (error) {
    ok(error instanceof ConfigError, String(error));
    for (const fault of error.faults) ok(error.message.includes(fault));
    return error.faults;
  }
  throw new Error("there is no fault");
}

async function example(): Promise<Record<string, string>> {
  const text = await Deno.readTextFile(new URL("../.env.example", import.meta.url));
  return Object.fromEntries([...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, n, v]) => [n!, v!]));
}

Deno.test("readConfig() knows every variable of .env.example, and no other", async () => {
  same(Object.keys(await example()).sort(), Object.keys(VARIABLES).sort());
});

Deno.test("readConfig() has the defaults that .env.example states", async () => {
  const stated = await example();
  same(read(stated), read({}));
  for (const [name, value] of Object.entries(stated)) {
    if (value === "") continue;
    same(read({ [name]: value }), read({}), name);
    // A value that is stated but not ours would pass the line above only where nothing reads it.
    const known = String(read({})[name as keyof typeof VARIABLES]);
    equal(known.replace("true", "yes").replace("false", "no"), value, name);
  }
});

Deno.test("readConfig() derives the two addresses from PORT and HOST", () => {
  const addresses = (env: Record<string, string>) => {
    const { FRONTEND_URL, CAPTURE_BASE_URL } = read(env);
    return [FRONTEND_URL, CAPTURE_BASE_URL];
  };
  same(addresses({}), ["http://localhost:8050", "http://127.0.0.1:8050"]);
  same(addresses({ PORT: "81", HOST: "::" }), ["http://localhost:81", "http://[::1]:81"]);
  same(addresses({ HOST: "10.0.0.7" }), ["http://localhost:8050", "http://10.0.0.7:8050"]);
  same(addresses({ FRONTEND_URL: "https://eda.example//" }), [
    "https://eda.example",
    "http://127.0.0.1:8050",
  ]);
});

Deno.test("readConfig() tells all faults at once, and no value", () => {
  const faults = faultsOf({
    PORT: "70000",
    SLACK_BOT_TOKEN: "xoxb-secret",
    ADMIN_API_KEY: "too-short-secret",
    SEAL_KEY: "c2VjcmV0",
    MASTER_DB_SSLMODE: "secret",
    CAPTURE_FRAMES: "ten",
    SCAN_SECONDS: "0.1",
    BROWSER_INSTALL: "maybe",
    FRONTEND_URL: "ftp://secret",
  });
  const about = (name: string) => faults.filter((fault) => fault.startsWith(name)).length;
  for (
    const name of [
      "PORT",
      "SLACK_CHANNEL_ID",
      "ADMIN_API_KEY",
      "SEAL_KEY",
      "MASTER_DB_SSLMODE",
      "CAPTURE_FRAMES",
      "SCAN_SECONDS",
      "BROWSER_INSTALL",
      "FRONTEND_URL",
    ]
  ) equal(about(name), 1, `${name}: ${faults.join("; ")}`);
  ok(!/secret|70000|ten$|maybe/.test(faults.join("\n")), faults.join("\n"));
});

Deno.test("readConfig() refuses half a Slack and half a Grafana", () => {
  same(faultsOf({ SLACK_BOT_TOKEN: "xoxb-1" }), [
    "SLACK_CHANNEL_ID must be set, because SLACK_BOT_TOKEN is",
  ]);
  same(faultsOf({ SLACK_CHANNEL_ID: "C0123456789" }), [
    "SLACK_BOT_TOKEN must be set, because SLACK_CHANNEL_ID is",
  ]);
  equal(read({ SLACK_BOT_TOKEN: "", SLACK_CHANNEL_ID: "" }).SLACK_BOT_TOKEN, undefined);
  same(faultsOf({ GRAFANA_BASE_URL: "http://grafana:3000" }), [
    "GRAFANA_API_KEY must be set, because GRAFANA_BASE_URL is",
  ]);
  same(faultsOf({ GRAFANA_DB_HOST: "db" }), [
    "GRAFANA_BASE_URL must be set, because GRAFANA_DB_HOST is",
  ]);
});

Deno.test("grafanaOf() says where Grafana is, without slashes at the ends", () => {
  const GRAFANA_API_KEY = "glsa_1";
  const both = { GRAFANA_BASE_URL: "http://grafana:3000/sub/", GRAFANA_API_KEY };
  equal(grafanaOf(read({})), undefined);
  same(grafanaOf(read({ ...both, GRAFANA_PUBLIC_URL: "https://g.example.com/" })), {
    base: "http://grafana:3000/sub",
    key: GRAFANA_API_KEY,
    public_url: "https://g.example.com",
    capture_key: undefined,
    db_host: undefined,
    db_port: undefined,
  });
  for (const address of ["http://a:b@grafana", "http://grafana/?orgId=1", "grafana:3000"]) {
    const faults = faultsOf({ GRAFANA_BASE_URL: address, GRAFANA_API_KEY });
    equal(faults.length, 1, faults.join());
    match(faults[0]!, /^GRAFANA_BASE_URL must be an/);
  }
  match(faultsOf({ ...both, GRAFANA_API_KEY: "a key" })[0]!, /^GRAFANA_API_KEY must be/);
});

Deno.test("readConfig() says what is wrong with an address of WORKSPACE_SERVERS, and no password", () => {
  for (const address of ["postgresql://u:100%@host", "mysql://u:p@host", "postgresql://host"]) {
    const faults = faultsOf({ WORKSPACE_SERVERS: address });
    equal(faults.length, 1, address);
    match(faults[0]!, /^WORKSPACE_SERVERS /);
    ok(!faults[0]!.includes("100%"));
  }
});

Deno.test("readConfig() wants a seal key for an outside database", () => {
  const [fault, ...others] = faultsOf({ MASTER_DB_HOST: "db" });
  same(others, []);
  ok(fault!.startsWith("SEAL_KEY must be set") && fault!.includes("openssl rand -base64 32"));
  const config = read({ MASTER_DB_HOST: "db", SEAL_KEY, MASTER_DB_PASS: "p" });
  const { outside, sealKeys } = serverOf(config);
  same(outside, { host: "db", port: 5432, user: "postgres", password: "p", ssl: "prefer" });
  same(sealKeys, [new Uint8Array(32).fill(7)]);
  equal(serverOf(read({})).outside, undefined);
});

Deno.test("readConfig() reads a secret from the file that NAME_FILE names", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, `${SEAL_KEY}\r\n`);
    const config = read({ MASTER_DB_HOST: "db", SEAL_KEY_FILE: file });
    same(config.SEAL_KEY, new Uint8Array(32).fill(7));

    await Deno.writeTextFile(file, "xoxb-from-file\n");
    const slack = { SLACK_BOT_TOKEN_FILE: file, SLACK_CHANNEL_ID: "C01" };
    equal(read(slack).SLACK_BOT_TOKEN, "xoxb-from-file");
    same(faultsOf({ ...slack, SLACK_BOT_TOKEN: "xoxb-other" }), [
      "SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set: keep one of them",
    ]);
  } finally {
    await Deno.remove(file);
  }
  ok(
    faultsOf({ ADMIN_API_KEY_FILE: file }).includes("ADMIN_API_KEY_FILE: the file cannot be read"),
  );
});

Deno.test("readConfig() counts an empty variable as not set", () => {
  const empty = Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, ""]));
  same(read(empty), read({}));
  throws(() => read({ PORT: " " }), ConfigError);
});

Deno.test("readConfig() takes the two themes and every time zone's name for the pictures", () => {
  const looks = (env: Record<string, string>) => {
    const { CAPTURE_THEME, CAPTURE_TIMEZONE } = read(env);
    return [CAPTURE_THEME, CAPTURE_TIMEZONE];
  };
  same(looks({}), ["light", "utc"]);
  for (const zone of ["Europe/Berlin", "America/St_Johns", "UTC", "utc"]) {
    same(looks({ CAPTURE_THEME: "dark", CAPTURE_TIMEZONE: zone }), ["dark", zone]);
  }
  same(faultsOf({ CAPTURE_THEME: "Dark", CAPTURE_TIMEZONE: "Berlin" }), [
    "CAPTURE_THEME must be light or dark",
    "CAPTURE_TIMEZONE must be utc or a time zone's name, such as Europe/Berlin",
  ]);
  for (const zone of ["browser", "Europe/Berlin; x", "../etc"]) {
    equal(faultsOf({ CAPTURE_TIMEZONE: zone }).length, 1, zone);
  }
});

Deno.test("readConfig() reads routes to other channels, and says which is none", () => {
  same(read({ SLACK_ROUTES: "gpu_*=C0123, ddr_*=C0456" }).SLACK_ROUTES, [
    { pattern: "gpu_*", channel: "C0123" },
    { pattern: "ddr_*", channel: "C0456" },
  ]);
  same(faultsOf({ SLACK_ROUTES: "gpu_*" }), [
    "SLACK_ROUTES must be a list of pattern=channel ID, such as gpu_*=C0123456789",
  ]);
});

Deno.test("readConfig() reads the time of the digest, and says which is none", () => {
  const at = (text: string) => read({ SLACK_DIGEST_AT: text }).SLACK_DIGEST_AT;
  same(at("08:30 Europe/Berlin"), { hour: 8, minute: 30, zone: "Europe/Berlin" });
  same(at(" 8:05 "), { hour: 8, minute: 5, zone: "UTC" });
  equal(at(""), undefined);
  for (
    const text of ["24:00", "8", "08:60", "08:30 Mars", "08:30 Europe/Berlin x", "8.30", "0 8 *"]
  ) {
    same(faultsOf({ SLACK_DIGEST_AT: text }), [
      "SLACK_DIGEST_AT must be a time and perhaps a time zone, such as 08:30 Europe/Berlin",
    ]);
  }
});

Deno.test("tracesOf() knows the receiver and its headers, which the log hides", () => {
  same(tracesOf(read({ OTEL_EXPORTER_OTLP_HEADERS: "a=b" })).receiver, undefined);
  const config = read({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20hush, x-team=eda%3D",
    OTEL_DENO: "1",
  });
  same(tracesOf(config), {
    has_denos: true,
    receiver: {
      endpoint: "http://collector:4318",
      headers: { authorization: "Bearer hush", "x-team": "eda=" },
      service_name: "dashkeeper",
    },
  });
  ok(["Bearer hush", "eda="].every((value) => logOf(config).secrets.includes(value)));
  for (const OTEL_EXPORTER_OTLP_HEADERS of ["hush", "a=%E0%A4%A", "a b=c"]) {
    match(
      faultsOf({ OTEL_EXPORTER_OTLP_HEADERS })[0]!,
      /^OTEL_EXPORTER_OTLP_HEADERS must be a list/,
    );
  }
  const OTEL_EXPORTER_OTLP_ENDPOINT = "http://me:hush@collector:4318";
  match(faultsOf({ OTEL_EXPORTER_OTLP_ENDPOINT })[0]!, /must be an address without a login/);
});
