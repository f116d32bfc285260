import { ExternalError } from "../../errors.ts";
import { pause } from "../abort.ts";
import { loggedCall } from "../log/call.ts";
import { z } from "zod";
import type { Connection } from "./call.ts";
import { badStatus, explain, LOST, NOT_READY, slackError, STOPPED } from "./errors.ts";

const UploadUrl = z.object({ upload_url: z.url(), file_id: z.string().min(1) });
const Shares = z.record(z.string(), z.record(z.string(), z.unknown())).nullish();
const FileInfo = z.object({ file: z.object({ mimetype: z.string().nullish(), shares: Shares }) });
type FileState = z.infer<typeof FileInfo>["file"];
export type Upload = { bytes: Uint8Array; filename: string; title: string; alt_text: string };

/**
 * The ID of a file, once Slack has processed it and takes it in a message. `uploaded` learns it before:
 * a file that is slow to process is not uploaded twice.
 */
export async function upload(
  connection: Connection,
  file: Upload,
  signal: AbortSignal,
  uploaded?: (id: string) => Promise<void>,
): Promise<string> {
  const id = await store(connection, file, signal);
  await complete(connection, { files: [{ id, title: file.title }] }, signal);
  await uploaded?.(id);
  await waitUntilProcessed(connection, id, signal);
  return id;
}

/** Waits until Slack has processed the file and takes it in a message; "file_not_ready": not in time. */
export async function waitUntilProcessed(connection: Connection, id: string, signal: AbortSignal) {
  await waitForFile(connection, id, ({ mimetype }) => Boolean(mimetype), signal);
}

/** Uploads a file as a reply to the message `thread_ts`, and waits until it is there. */
export async function uploadIntoThread(
  connection: Connection,
  file: Upload,
  thread_ts: string,
  signal: AbortSignal,
): Promise<void> {
  const id = await store(connection, file, signal);
  const files = [{ id, title: file.title }];
  await complete(connection, { files, channel_id: connection.channel, thread_ts }, signal);
  const isShared = ({ shares }: FileState) =>
    Object.values(shares ?? {}).some((channels) => connection.channel in channels);
  await waitForFile(connection, id, isShared, signal);
}

async function store(connection: Connection, file: Upload, signal: AbortSignal): Promise<string> {
  const { call, timeoutMs } = connection;
  const { bytes, filename, alt_text } = file;
  const alt_txt = Array.from(alt_text).slice(0, 1_000).join(""); // more is `alt_txt_too_large`
  const { upload_url, file_id } = await call(
    "files.getUploadURLExternal",
    { filename, length: bytes.length, alt_txt },
    UploadUrl,
    signal,
  );
  await sendBytes(upload_url, bytes, AbortSignal.timeout(6 * timeoutMs), signal);
  return file_id;
}

async function complete({ call }: Connection, args: Record<string, unknown>, signal: AbortSignal) {
  await call("files.completeUploadExternal", args, z.unknown(), signal);
}

async function waitForFile(
  { call, timeoutMs }: Connection,
  file: string,
  isReady: (file: FileState) => boolean,
  signal: AbortSignal,
) {
  const until = Date.now() + 2 * timeoutMs;
  for (let wait = 100;; wait = Math.min(1.5 * wait, 2_000)) {
    const found = await call("files.info", { file }, FileInfo, signal).catch(ifUnknown);
    if (found && isReady(found.file)) return;
    if (Date.now() + wait > until) {
      throw found === undefined ? slackError(LOST) : slackError(NOT_READY);
    }
    await pause(wait, signal);
  }
}

/** Just after an upload Slack does not know every file yet. */
function ifUnknown(error: unknown): undefined {
  if (error instanceof ExternalError && error.more.code === "file_not_found") return undefined;
  throw error;
}

/** The upload host gets only the bytes: the client's own upload sends it the token. */
async function sendBytes(
  url: string,
  bytes: Uint8Array,
  timeout: AbortSignal,
  signal: AbortSignal,
) {
  await loggedCall("Slack", "upload", true, async () => {
    let status: number;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/octet-stream" },
        body: new Uint8Array(bytes),
        redirect: "error",
        signal: AbortSignal.any([signal, timeout]),
      });
      status = response.status;
      await response.body?.cancel();
    } catch (error) {
      throw slackError(signal.aborted ? STOPPED : explain(error));
    }
    if (status !== 200) throw slackError(badStatus(status));
  });
}
