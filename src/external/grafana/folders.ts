import { z } from "zod";
import { type Answer, type Ask, parsed, remove, unexpected } from "./call.ts";

const Folder = z.object({ uid: z.string(), title: z.string(), version: z.number().default(1) });

export async function findFolder(ask: Ask, uid: string, signal: AbortSignal) {
  const answer = await ask("GET", pathOf(uid), signal);
  return answer.status === 404 ? undefined : parsed(Folder, answer, "to show a folder");
}

/** "taken": another folder has this title. A folder of this uid counts as made. */
export async function makeFolder(ask: Ask, uid: string, title: string, signal: AbortSignal) {
  return folderWritten(await ask("POST", "/api/folders", signal, { uid, title }));
}

export async function renameFolder(
  ask: Ask,
  uid: string,
  title: string,
  version: number,
  signal: AbortSignal,
) {
  return folderWritten(await ask("PUT", pathOf(uid), signal, { title, version }));
}

function folderWritten(answer: Answer): "made" | "taken" {
  // Later versions than 9.4 name the taken title in the body.
  if (answer.status === 409 || answer.body.status === "name-exists") return "taken";
  if (answer.status === 200 || answer.status === 412) return "made";
  throw unexpected(answer, "a folder");
}

export async function removeFolder(ask: Ask, uid: string, signal: AbortSignal) {
  await remove(ask, pathOf(uid), signal, "to delete a folder");
}

const pathOf = (uid: string) => `/api/folders/${encodeURIComponent(uid)}`;
