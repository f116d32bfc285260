import { z } from "zod";
import {
  address,
  dailyTime,
  grafanaAddress,
  headerText,
  otlpHeaders,
  plainAddress,
  routes,
  sealKey,
  seconds,
  servers,
  switched,
  timezone,
  whole,
} from "./config/values.ts";
import type { Level, Log } from "./external/log/log.ts";

/** All faults of the environment, each with the variable's name. */
export class ConfigError extends Error {
  constructor(readonly faults: string[]) {
    super(`The environment is not right:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
  }
}

/** Every variable there is. Secrets are also read from the file that NAME_FILE names. */
export const VARIABLES = {
  PORT: whole(1, 65_535).default(8050),
  HOST: z.string().min(1).default("0.0.0.0"),
  FRONTEND_URL: address.optional(),
  DATA_DIR: z.string().min(1).default("data"),
  ADMIN_API_KEY: z.string().min(32, "must have at least 32 characters").optional(),
  SEAL_KEY: sealKey.optional(),
  SEAL_KEY_PREVIOUS: sealKey.optional(),
  METRICS_TOKEN: headerText.min(32, "must have at least 32 characters").optional(),
  MEMBERS_SEE: z.enum(["own", "all"], "must be own or all").default("own"),
  TRUST_PROXY: switched.default(false),
  ALLOWED_HOSTS: z.string().default("").transform((text) =>
    text.split(",").map((host) => host.trim()).filter((host) => host !== "")
  ),
  MASTER_DB_HOST: z.string().min(1).optional(),
  MASTER_DB_PORT: whole(1, 65_535).default(5432),
  MASTER_DB_USER: z.string().min(1).default("postgres"),
  MASTER_DB_PASS: z.string().default(""),
  MASTER_DB_NAME: z.string().regex(/^[A-Za-z_][\w-]{0,62}$/, "must be a plain database name")
    .default("dashkeeper"),
  MASTER_DB_SSLMODE: z.enum(
    ["disable", "prefer", "require", "verify-full"],
    "must be disable, prefer, require or verify-full",
  ).default("prefer"),
  WORKSPACE_SERVERS: servers.default([]),
  WORKSPACE_CONNECTION_LIMIT: whole(1, 10_000).optional(),
  WORKSPACE_WARN_GB: z.string().regex(/^\d{1,6}(\.\d{1,6})?$/, "must be a number of gigabytes")
    .transform(Number).default(20),
  WORKSPACE_PUBLIC_HOST: z.string().min(1).optional(),
  WORKSPACE_PUBLIC_PORT: whole(1, 65_535).optional(),
  EMBEDDED_DB_LISTEN: z.string().regex(/^[\w.:*-]+$/, "must be an address to listen at").default(
    "127.0.0.1",
  ),
  GRAFANA_BASE_URL: grafanaAddress.optional(),
  GRAFANA_API_KEY: headerText.optional(),
  GRAFANA_CAPTURE_KEY: headerText.optional(),
  GRAFANA_PUBLIC_URL: grafanaAddress.optional(),
  GRAFANA_DB_HOST: z.string().regex(/^[\w.:-]+$/, "must be a host's name or address").optional(),
  GRAFANA_DB_PORT: whole(1, 65_535).optional(),
  SLACK_BOT_TOKEN: z.string().min(1).optional(),
  SLACK_CHANNEL_ID: z.string().regex(
    /^[A-Z0-9]{2,}$/,
    "must be a channel's ID, such as C0123456789",
  )
    .optional(),
  SLACK_SIGNING_SECRET: headerText.optional(),
  SLACK_APP_TOKEN: headerText.regex(/^xapp-/, "must be an app-level token; it begins with xapp-")
    .optional(),
  SLACK_ROUTES: routes.default([]),
  SLACK_BROADCAST: z.enum(["worse", "always", "never"], "must be worse, always or never")
    .default("worse"),
  SLACK_WORSE_PERCENT: z.string().regex(/^\d{1,3}(\.\d+)?$/, "must be a number of percent")
    .transform(Number).default(2),
  SLACK_CONTENT: z.enum(["full", "numbers", "link"], "must be full, numbers or link")
    .default("full"),
  SLACK_DIGEST_AT: dailyTime.optional(),
  SLACK_API_URL: address.default("https://slack.com/api"),
  BROWSER_PATH: z.string().min(1).optional(),
  BROWSER_URL: z.url({ protocol: /^(https?|wss?)$/, error: "must be a CDP address (http or ws)" })
    .optional(),
  BROWSER_INSTALL: switched.default(true),
  GIF_CAPTURE_DIR: z.string().min(1).optional(),
  CAPTURE_WIDTH: whole(64, 3840).default(1920),
  CAPTURE_HEIGHT: whole(64, 2160).default(1080),
  CAPTURE_FRAMES: whole(1, 100).default(10),
  CAPTURE_FRAME_DELAY: whole(20, 60_000).default(500),
  CAPTURE_TIMEOUT: whole(1000, 3_600_000).default(120_000),
  CAPTURE_THEME: z.enum(["light", "dark"], "must be light or dark").default("light"),
  CAPTURE_TIMEZONE: timezone.default("utc"),
  CAPTURE_BASE_URL: address.optional(),
  SCAN_SECONDS: seconds(60).refine((n) => n >= 0.5, "must be at least 0.5").default(5),
  SETTLE_SECONDS: seconds(600).default(10),
  UPDATE_MIN_SECONDS: seconds(86_400).default(600),
  BOARD_LINK_DAYS: whole(1, 3650).default(30),
  IMPORT_MAX_MB: whole(1, 1_000_000).default(1024),
  LOG_LEVEL: z.enum(["debug", "info", "warning", "error"], "must be debug, info, warning or error")
    .default("info"),
  LOG_FILE: z.string().min(1).default("logs/app.log"),
  OTEL_EXPORTER_OTLP_ENDPOINT: plainAddress.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: otlpHeaders.default({}),
  OTEL_SERVICE_NAME: z.string().min(1).default("dashkeeper"),
  OTEL_DENO: z.string().optional(),
} as const;

const SECRETS = [
  "ADMIN_API_KEY",
  "SEAL_KEY",
  "SEAL_KEY_PREVIOUS",
  "METRICS_TOKEN",
  "MASTER_DB_PASS",
  "WORKSPACE_SERVERS",
  "GRAFANA_API_KEY",
  "GRAFANA_CAPTURE_KEY",
  "SLACK_BOT_TOKEN",
  "SLACK_SIGNING_SECRET",
  "SLACK_APP_TOKEN",
  "OTEL_EXPORTER_OTLP_HEADERS",
] as const;

const TOGETHER = [
  ["SLACK_BOT_TOKEN", "SLACK_CHANNEL_ID"],
  ["GRAFANA_BASE_URL", "GRAFANA_API_KEY"],
] as const;

/** What is wrong with the variables taken together, set ones by name. */
function mismatches(set: Record<string, string>): string[] {
  const faults: string[] = [];
  for (const [a, b] of TOGETHER) {
    if (!set[a] !== !set[b]) {
      faults.push(`${set[a] ? b : a} must be set, because ${set[a] ? a : b} is`);
    }
  }
  for (const name of ["PUBLIC_URL", "CAPTURE_KEY", "DB_HOST", "DB_PORT"]) {
    if (set[`GRAFANA_${name}`] && !set.GRAFANA_BASE_URL) {
      faults.push(`GRAFANA_BASE_URL must be set, because GRAFANA_${name} is`);
    }
  }
  if (set.SEAL_KEY_PREVIOUS && !set.SEAL_KEY) {
    faults.push("SEAL_KEY must be set, because SEAL_KEY_PREVIOUS is");
  }
  if (set.MASTER_DB_HOST && !set.SEAL_KEY) {
    faults.push(
      "SEAL_KEY must be set where MASTER_DB_HOST is: make one with `openssl rand -base64 32` and keep it safe",
    );
  }
  return faults;
}

const Environment = z.object(VARIABLES).transform((env) => {
  return {
    ...env,
    FRONTEND_URL: env.FRONTEND_URL ?? `http://localhost:${env.PORT}`,
    FRONTEND_URL_IS_SET: env.FRONTEND_URL !== undefined,
    CAPTURE_BASE_URL: env.CAPTURE_BASE_URL ?? `http://${loopback(env.HOST)}:${env.PORT}`,
  };
});
export type Config = z.infer<typeof Environment>;

/** Where this machine itself reaches a server that listens on `host`. */
function loopback(host: string): string {
  if (["0.0.0.0", "127.0.0.1", "localhost"].includes(host)) return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

type Env = (name: string) => string | undefined;

/** The variables that are set, and what is wrong with the files of secrets and with them together. */
function readValues(env: Env) {
  const faults: string[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(VARIABLES)) {
    const value = env(name);
    if (value) values[name] = value;
  }
  for (const name of SECRETS) {
    const file = env(`${name}_FILE`);
    if (!file) continue;
    if (values[name]) faults.push(`${name} and ${name}_FILE are both set: keep one of them`);
    try {
      values[name] = Deno.readTextFileSync(file).replace(/\r?\n$/, "");
    } catch {
      faults.push(`${name}_FILE: the file cannot be read`);
    }
  }
  return { values, faults: [...faults, ...mismatches(values)] };
}

/** Reads the environment; a variable that is not valid counts as unset. An empty one does so always. */
export function readValidConfig(env: Env = Deno.env.get): { config: Config; faults: string[] } {
  const { values, faults } = readValues(env);
  const result = Environment.safeParse(values);
  const issues = result.error?.issues ?? [];
  for (const { path } of issues) delete values[String(path[0])];
  const all = [...faults, ...issues.map(({ path, message }) => `${path.join(".")} ${message}`)];
  return { config: result.data ?? Environment.parse(values), faults: [...new Set(all)] };
}

/** Reads the environment. Throws ConfigError with every fault at once. */
export function readConfig(env: Env = Deno.env.get): Config {
  const { config, faults } = readValidConfig(env);
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** What the log takes: its level, its file (undefined: none), and the secrets that it never shows. */
export const logOf = (config: Config) => ({
  level: config.LOG_LEVEL.toUpperCase() as Level,
  file: config.LOG_FILE === "none" ? undefined : config.LOG_FILE,
  secrets: [
    ...SECRETS.flatMap((name) => {
      const value = config[name];
      if (value instanceof Uint8Array) return [value.toBase64()];
      return typeof value === "string" ? [value] : [];
    }),
    ...config.WORKSPACE_SERVERS.map(({ login }) => login.password),
    ...Object.values(config.OTEL_EXPORTER_OTLP_HEADERS),
  ],
});

/** Where traces go; undefined: nowhere. `has_denos`: Deno's own ones are sent, with whole URLs. */
export const tracesOf = (config: Config) => ({
  has_denos: /^(1|true)$/i.test(config.OTEL_DENO ?? ""),
  receiver: config.OTEL_EXPORTER_OTLP_ENDPOINT === undefined ? undefined : {
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    service_name: config.OTEL_SERVICE_NAME,
  },
});

/** The database server, as openServer() takes it. */
export function serverOf(config: Config) {
  const { MASTER_DB_HOST, MASTER_DB_PORT, MASTER_DB_USER, MASTER_DB_PASS } = config;
  return {
    dataDir: config.DATA_DIR,
    listen: config.EMBEDDED_DB_LISTEN,
    sealKeys: [config.SEAL_KEY, config.SEAL_KEY_PREVIOUS].filter((key) => key !== undefined),
    outside: MASTER_DB_HOST === undefined ? undefined : {
      host: MASTER_DB_HOST,
      port: MASTER_DB_PORT,
      user: MASTER_DB_USER,
      password: MASTER_DB_PASS,
      ssl: config.MASTER_DB_SSLMODE,
    },
  };
}

/** The Grafana that is configured; undefined: dashboards are drawn on the built-in boards. */
export function grafanaOf(config: Config) {
  const { GRAFANA_BASE_URL: base, GRAFANA_API_KEY: key } = config;
  if (base === undefined || key === undefined) return undefined;
  return {
    base,
    key,
    public_url: config.GRAFANA_PUBLIC_URL,
    capture_key: config.GRAFANA_CAPTURE_KEY,
    db_host: config.GRAFANA_DB_HOST,
    db_port: config.GRAFANA_DB_PORT,
  };
}

export function browserOf(
  { BROWSER_PATH, BROWSER_URL, BROWSER_INSTALL }: Config,
  log: Log,
) {
  return {
    ...(BROWSER_PATH ? { path: BROWSER_PATH } : {}),
    ...(BROWSER_URL ? { url: BROWSER_URL } : {}),
    install: BROWSER_INSTALL,
    log,
  };
}

export const slackOf = (config: Config) => ({
  routes: config.SLACK_ROUTES,
  broadcast: config.SLACK_BROADCAST,
  worse_percent: config.SLACK_WORSE_PERCENT,
  content: config.SLACK_CONTENT,
  digest_at: config.SLACK_DIGEST_AT,
});

/** The outside systems that users' own credentials may name. */
export const outsideOf = (config: Config) => ({
  slack_api_url: config.SLACK_API_URL,
  slack_token: config.SLACK_BOT_TOKEN,
  slack_channel: config.SLACK_CHANNEL_ID,
  slack_signing_secret: config.SLACK_SIGNING_SECRET,
  slack_app_token: config.SLACK_APP_TOKEN,
  grafana: grafanaOf(config),
  allowed_hosts: config.ALLOWED_HOSTS,
});

/** What the diagnosis looks at. */
export const diagnosisOf = (config: Config) => ({
  data_dir: config.DATA_DIR,
  embedded: config.MASTER_DB_HOST === undefined,
  gif_dir: config.GIF_CAPTURE_DIR,
  base_url: config.CAPTURE_BASE_URL,
  warn_bytes: config.WORKSPACE_WARN_GB * 1e9,
});

export const limitsOf = (config: Config) => ({
  scanSeconds: config.SCAN_SECONDS,
  settleSeconds: config.SETTLE_SECONDS,
  updateMinSeconds: config.UPDATE_MIN_SECONDS,
  batchSeconds: 300,
});

/** Where files are spooled that are imported, and how large those of a call may be. */
export const importsOf = (config: Config) => ({
  folder: `${config.DATA_DIR}/imports`,
  most_bytes: config.IMPORT_MAX_MB * 1024 * 1024,
});

export const captureOf = (config: Config) => ({
  base_url: config.CAPTURE_BASE_URL,
  width: config.CAPTURE_WIDTH,
  height: config.CAPTURE_HEIGHT,
  frames: config.CAPTURE_FRAMES,
  delay_ms: config.CAPTURE_FRAME_DELAY,
  timeout_ms: config.CAPTURE_TIMEOUT,
  theme: config.CAPTURE_THEME,
  timezone: config.CAPTURE_TIMEZONE,
});
