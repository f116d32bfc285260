/** A foreign message without what looks like a password or a token, at most 300 characters. */
export function maskSecrets(sentence: string): string {
  return sentence
    .replace(/:\/\/[^\s/@]+@/g, "://…@")
    .replace(/\b(bearer|basic)\s+\S+/gi, "$1 …")
    .replace(/(\w*(?:password|passwd|token|secret|api_?key)\w*"?\s*[=:]\s*)("[^"]*"|\S+)/gi, "$1…")
    .replace(/\b(?:gl(?:sa|c)_|xox[a-z]-|eyJ)[\w.-]+/g, "…")
    .slice(0, 300);
}
