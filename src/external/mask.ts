const PATTERNS: [pattern: RegExp, mask: string][] = [
  [/:\/\/[^\s/]+@/g, "://…@"],
  [/\b(bearer|basic)\s+\S+/gi, "$1 …"],
  [
    /((?:password|passwd|token|secret|signature|api_?key)\w{0,40}"?\s*[=:]\s*)("[^"]*"|\S+)/gi,
    "$1…",
  ],
  [/\b(?:gl(?:sa|c)_|xox[a-z]-|xapp-|eyJ|dk_)[\w.-]+/g, "…"],
];

/** A text without what looks like a password, a token, a key or a signature. */
export function withoutSecrets(text: string): string {
  return PATTERNS.reduce((text, [pattern, mask]) => text.replace(pattern, mask), text);
}

/** A foreign message without what looks like a secret, at most 300 characters. */
export const maskSecrets = (sentence: string): string => withoutSecrets(sentence).slice(0, 300);
