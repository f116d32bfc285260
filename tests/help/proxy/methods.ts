import { z } from "zod";
import { blockFaults } from "./blocks.ts";

const channel = z.string().regex(/^[CGD][A-Z0-9]{2,}$/, "an ID, never a name");
const ts = z.string().regex(/^\d+\.\d{1,6}$/, "a message's ts");
const time = z.string().regex(/^\d+(?:\.\d+)?$/, "seconds");
const flag = z.enum(["true", "false"]);
const whole = (least: number, most: number) =>
  z.string().regex(/^\d+$/).refine((text) => Number(text) >= least && Number(text) <= most);

function json(schema: z.ZodType) {
  return z.string().transform((text, context) => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue("not JSON");
      return z.NEVER;
    }
  }).pipe(schema);
}

const Metadata = json(z.strictObject({
  event_type: z.string().regex(/^[A-Za-z0-9_]{1,255}$/),
  event_payload: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
})).refine((value) => JSON.stringify(value).length <= 8_000, "metadata_too_large");

const Blocks = json(z.array(z.any())).superRefine((blocks, context) => {
  for (const fault of blockFaults(blocks as unknown[])) context.addIssue(fault);
  if (JSON.stringify(blocks).length > 13_200) context.addIssue("msg_blocks_too_long");
});

const page = {
  channel,
  oldest: time.optional(),
  latest: time.optional(),
  inclusive: flag.optional(),
  include_all_metadata: flag.optional(),
  limit: whole(1, 999).optional(),
  cursor: z.string().min(1).optional(),
};
const text = z.string().min(1, "no_text").max(4_000, "msg_too_long");
const Files = json(z.array(z.strictObject({ id: z.string().min(1), title: z.string().max(255) })));

type Method = { scope?: string; form: z.ZodType };

/** What each method of Slack's takes, as a form; a field that is not named is unknown to it. */
export const METHODS: Record<string, Method> = {
  "auth.test": { form: z.strictObject({}) },
  "conversations.info": { scope: "channels:read", form: z.strictObject({ channel }) },
  "conversations.history": { scope: "channels:history", form: z.strictObject(page) },
  "conversations.replies": { scope: "channels:history", form: z.strictObject({ ...page, ts }) },
  "chat.getPermalink": { form: z.strictObject({ channel, message_ts: ts }) },
  "chat.postMessage": {
    scope: "chat:write",
    form: z.strictObject({
      ...{ channel, text, blocks: Blocks, metadata: Metadata, mrkdwn: flag.optional() },
      ...{ unfurl_links: z.literal("false"), unfurl_media: z.literal("false") },
      ...{ thread_ts: ts.optional(), reply_broadcast: flag.optional() },
    }).refine((form) => form.thread_ts || !form.reply_broadcast, "reply_broadcast needs thread_ts"),
  },
  "chat.update": {
    scope: "chat:write",
    form: z.strictObject({ channel, ts, text, blocks: Blocks, metadata: Metadata }),
  },
  "chat.unfurl": {
    scope: "links:write",
    form: z.strictObject({
      ...{ channel, ts },
      unfurls: json(z.record(z.url(), z.strictObject({ blocks: z.array(z.any()) })))
        .superRefine((unfurls, context) => {
          for (const { blocks } of Object.values(unfurls as Record<string, { blocks: [] }>)) {
            for (const fault of blockFaults(blocks)) context.addIssue(fault);
          }
        }),
    }),
  },
  "files.getUploadURLExternal": {
    scope: "files:write",
    form: z.strictObject({
      filename: z.string().min(1).max(255),
      length: whole(1, 1_073_741_824),
      alt_txt: z.string().max(1_000, "alt_txt_too_large").optional(),
    }),
  },
  "files.completeUploadExternal": {
    scope: "files:write",
    form: z.strictObject({
      ...{ files: Files, channel_id: channel.optional(), thread_ts: ts.optional() },
      ...{ initial_comment: z.string().optional(), blocks: Blocks.optional() },
    }).refine((form) => form.channel_id || !form.thread_ts, "thread_ts needs channel_id")
      .refine((form) => !form.initial_comment || !form.blocks, "initial_comment or blocks"),
  },
  "files.info": { scope: "files:read", form: z.strictObject({ file: z.string().min(1) }) },
};

/** What Slack says of a form's faults; undefined: it takes it all the same. */
export function errorOf(method: string, issues: z.core.$ZodIssue[]): string | undefined {
  const at = (name: string) => issues.filter(({ path }) => path[0] === name);
  if (at("channel").length + at("channel_id").length > 0) return "channel_not_found";
  if (at("blocks").some(({ message }) => message === "msg_blocks_too_long")) {
    return "msg_blocks_too_long";
  }
  if (at("blocks").length > 0) return "invalid_blocks";
  if (at("metadata").some(({ message }) => message === "metadata_too_large")) {
    return "metadata_too_large";
  }
  if (at("metadata").length > 0) return "invalid_metadata_format";
  if (at("alt_txt").length > 0) return "alt_txt_too_large";
  if (at("text").some(({ message }) => message === "msg_too_long")) return "msg_too_long";
  const harmless = ["unfurl_links", "unfurl_media", "text"];
  const left = issues.filter(({ code, path }) =>
    code !== "unrecognized_keys" && !harmless.includes(String(path[0]))
  );
  if (left.length === 0) return undefined;
  return method.startsWith("files.") ? "missing_argument" : "invalid_arguments";
}
