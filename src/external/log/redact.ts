import { withoutSecrets } from "../mask.ts";

/** Shorter ones would blank out ordinary words. */
const LEAST_LENGTH = 6;
const MOST_CHARACTERS = 2_000;

/** Blanks out known secrets, as they are and as in a URL, and what looks like one. */
export function makeRedactor() {
  const forms = new Set<string>();
  let known: RegExp | undefined;
  return {
    hide(secrets: string[]) {
      for (const secret of secrets.filter(({ length }) => length >= LEAST_LENGTH)) {
        forms.add(secret).add(encodeURIComponent(secret));
      }
      const longestFirst = [...forms].sort((a, b) => b.length - a.length);
      if (longestFirst.length === 0) return;
      known = new RegExp(longestFirst.map((form) => RegExp.escape(form)).join("|"), "g");
    },
    redact(text: string): string {
      const unknown = known ? text.replace(known, "…") : text;
      return cut(withoutSecrets(cut(unknown, 2 * MOST_CHARACTERS)), MOST_CHARACTERS);
    },
  };
}

/** Between words: a part of a secret no longer looks like one. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, Math.max(0, text.lastIndexOf(" ", most)))}…`;
}
