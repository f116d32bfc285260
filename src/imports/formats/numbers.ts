/** From here on OpenSTA and others mean infinity: no path. */
const NEVER = 1e29;

/** The number that a text begins with; null for INF, NaN, N/A, -, text. Never -0. */
export function numberOf(text: string): number | null {
  const value = parseFloat(text);
  return Math.abs(value) < NEVER ? value + 0 : null;
}

/** Like numberOf(), of a text that is a number as a whole; `undefined`: it is something else. */
export function wholeNumber(text: string): number | null | undefined {
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) return numberOf(text);
  return /^(?:[-+]?inf(?:inity)?|[-+]?nan|n\/?a|-+)$/i.test(text) ? null : undefined;
}
