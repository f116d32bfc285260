import { pause } from "../abort.ts";
import { z } from "zod";
import type { Connection } from "./call.ts";
import { badStatus, explain, NOT_READY, slackError, STOPPED } from "./errors.ts";

const UploadUrl = z.object({ upload_url: z.url(), file_id: z.string().min(1) });
const FileInfo = z.object({ file: z.object({ mimetype: z.string().nullish() }) });

/** The ID of a file, once Slack has processed it and takes it in a message. */
export async function upload(
  connection: Connection,
  file: { bytes: Uint8Array; filename: string; title: string; alt_text: string },
  signal: AbortSignal,
): Promise<string> {
  const { call, timeoutMs } = connection;
  const { bytes, filename, title, alt_text } = file;
  const alt_txt = Array.from(alt_text).slice(0, 1_000).join(""); // more is `alt_txt_too_large`
  const { upload_url, file_id } = await call(
    "files.getUploadURLExternal",
    { filename, length: bytes.length, alt_txt },
    UploadUrl,
    signal,
  );
  await sendBytes(upload_url, bytes, AbortSignal.timeout(6 * timeoutMs), signal);
  const files = [{ id: file_id, title }];
  await call("files.completeUploadExternal", { files }, z.unknown(), signal);
  await waitUntilProcessed(connection, file_id, signal);
  return file_id;
}

async function waitUntilProcessed(
  { call, timeoutMs }: Connection,
  file: string,
  signal: AbortSignal,
) {
  const until = Date.now() + 2 * timeoutMs;
  for (let wait = 100;; wait = Math.min(2 * wait, 2_000)) {
    if ((await call("files.info", { file }, FileInfo, signal)).file.mimetype) return;
    if (Date.now() + wait > until) throw slackError(NOT_READY);
    await pause(wait, signal);
  }
}

/** The upload host gets only the bytes: the client's own upload sends it the token. */
async function sendBytes(
  url: string,
  bytes: Uint8Array,
  timeout: AbortSignal,
  signal: AbortSignal,
) {
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
}
