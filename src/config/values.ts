import { z } from "zod";

export const whole = (least: number, most: number) =>
  z.string().regex(/^\d{1,9}$/, "must be a whole number").transform(Number).refine(
    (n) => n >= least && n <= most,
    `must be from ${least} to ${most}`,
  );
export const seconds = (most: number) =>
  z.string().regex(/^\d{1,9}(\.\d+)?$/, "must be a number of seconds").transform(Number).refine(
    (n) => n <= most,
    `must be at most ${most}`,
  );
export const address = z.url({ protocol: /^https?$/, error: "must be an http(s) address" })
  .transform((url) => url.replace(/\/+$/, ""));
/** Paths are put behind it, so it is taken without a query, a fragment or a login. */
export const plainAddress = address.refine(
  (url) => !/[?#]|\/\/[^/]*@/.test(url),
  "must be an address without a login, `?` or `#`",
);
export const grafanaAddress = plainAddress.transform((url) =>
  new URL(url).href.replace(/\/+$/, "")
); // as a user's own is spelled
export const headerText = z.string().regex(/^[\x21-\x7e]+$/, "must be a key: ASCII without blanks");
export const switched = z.enum(["yes", "no"], "must be yes or no").transform((text) =>
  text === "yes"
);
export const sealKey = z.string().transform((text, context) => {
  try {
    const bytes = Uint8Array.fromBase64(text.trim());
    if (bytes.length === 32) return bytes;
  } catch { /* said below */ }
  context.addIssue("must be 32 bytes in base64, as `openssl rand -base64 32` makes");
  return z.NEVER;
});

function isZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}
export const timezone = z.string().refine(
  isZone,
  "must be utc or a time zone's name, such as Europe/Berlin",
);

export const dailyTime = z.string().transform((text, context) => {
  const [, hour, minute, zone = "UTC"] =
    /^([01]?\d|2[0-3]):([0-5]\d)(?:\s+(\S+))?$/.exec(text.trim()) ?? [];
  if (hour && minute && isZone(zone)) return { hour: Number(hour), minute: Number(minute), zone };
  context.addIssue("must be a time and perhaps a time zone, such as 08:30 Europe/Berlin");
  return z.NEVER;
});

/** `gpu_*=C0123,ddr_*=C0456`: patterns on a design's or table's name, and their channels. */
export const routes = z.string().transform((text, context) =>
  text.split(",").map((part) => part.trim()).filter((part) => part !== "").map((part) => {
    const [, pattern, channel] = /^([^=]{1,200})=([A-Z0-9]{2,})$/.exec(part) ?? [];
    if (pattern && channel) return { pattern: pattern.trim(), channel };
    context.addIssue("must be a list of pattern=channel ID, such as gpu_*=C0123456789");
    return z.NEVER;
  })
);

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** `name=value,name=value`, each value as in a URL. */
export const otlpHeaders = z.string().transform((text, context) =>
  Object.fromEntries(
    text.split(",").map((part) => part.trim()).filter((part) => part !== "").map((part) => {
      const [, name, value] = /^([\w-]+)\s*=\s*([\x21-\x7e]+)$/.exec(part) ?? [];
      if (name && value && isDecodable(value)) return [name, decodeURIComponent(value)];
      context.addIssue("must be a list of name=value, each value as in a URL");
      return z.NEVER;
    }),
  ) as Record<string, string>
);

/** `postgresql://user:password@host:port/database`, several with blanks or commas between them. */
export const servers = z.string().transform((text, context) =>
  text.split(/[\s,]+/).filter((url) => url !== "").map((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^postgres(ql)?:$/.test(url.protocol) || !url.hostname || !url.username) {
      context.addIssue("must be a list of postgresql://user:password@host:port addresses");
      return z.NEVER;
    }
    if ([url.username, url.password, url.pathname].some((part) => !isDecodable(part))) {
      context.addIssue("has a % that does not begin a character: write it as %25");
      return z.NEVER;
    }
    const ssl = z.enum(["disable", "prefer", "require", "verify-full"]).catch("prefer")
      .parse(url.searchParams.get("sslmode"));
    const public_port = Number(url.searchParams.get("public_port")) || undefined;
    return {
      login: {
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: Number(url.port || 5432),
        user: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
        database: decodeURIComponent(url.pathname.slice(1)) || "postgres",
        ssl,
      },
      shown: { host: url.searchParams.get("public_host") ?? undefined, port: public_port },
    };
  })
);
