/** What a flow's comment says of its column or table: `dashkeeper: setup_wns [ns]`, `dashkeeper: ignore`. */
export type Comment = { word: string; unit: string | null };

const COMMENT = /\bdashkeeper:\s*([a-z_]{1,40})(?![a-z_])(?:\s*\[\s*([^\]]{1,20}?)\s*\])?/i;

/** Reads the part of a PostgreSQL comment that is for Dashkeeper; null where there is none. */
export function readComment(text: string | null): Comment | null {
  const [, word, unit] = COMMENT.exec(text ?? "") ?? [];
  return word === undefined ? null : { word: word.toLowerCase(), unit: unit || null };
}

/** Whether a table's comment asks for no dashboard. */
export const isIgnored = (comment: string | null): boolean =>
  readComment(comment)?.word === "ignore";

/** Whether a view's comment asks for a dashboard. */
export const isRead = (comment: string | null): boolean => readComment(comment)?.word === "read";
