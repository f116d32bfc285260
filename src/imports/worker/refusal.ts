import type { Fault } from "./messages.ts";

/** What is wrong with a call's body. */
export class Refusal extends Error {
  constructor(readonly fault: Fault) {
    super(fault.message);
  }
}

export const refusal = (
  code: string,
  message: string,
  more: Partial<Pick<Fault, "status" | "file" | "line">> = {},
) => new Refusal({ code, message, status: 422, ...more });

export function tooLarge(most_bytes: number): Refusal {
  const most = `${Math.round(most_bytes / 1024 / 1024).toLocaleString("en")} MiB`;
  const message =
    `A call may have at most ${most}, also unpacked: send fewer files, or raise IMPORT_MAX_MB.`;
  return refusal("body_too_large", message, { status: 413 });
}
