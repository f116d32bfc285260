/** A comment on a column or table: `dashkeeper: setup_wns [ns]`, `dashkeeper: ignore`. */
export type Comment = { word: string; unit: string | null };

const COMMENT = /\bdashkeeper:\s*([a-z_]{1,40})(?![a-z_])(?:\s*\[\s*([^\]]{1,20}?)\s*\])?/i;

export function readComment(text: string | null): Comment | null {
  const [, word, unit] = COMMENT.exec(text ?? "") ?? [];
  return word === undefined ? null : { word: word.toLowerCase(), unit: unit || null };
}

export const isIgnored = (comment: string | null): boolean =>
  readComment(comment)?.word === "ignore";

export const isRead = (comment: string | null): boolean => readComment(comment)?.word === "read";
