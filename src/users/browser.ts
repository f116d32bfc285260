type Known = [sign: RegExp, name: string][];

const BROWSERS: Known = [
  [/Edg(?:e|A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/Chrom(?:e|ium)\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: Known = [
  [/Windows/, "Windows"],
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Macintosh|Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux|X11/, "Linux"],
];
const nameIn = (known: Known, text: string) => known.find(([sign]) => sign.test(text))?.[1];

/** `Firefox on Linux`, from a User-Agent; what it does not name is left out. */
export function browserIn(userAgent: string | undefined): string {
  const browser = nameIn(BROWSERS, userAgent ?? "") ?? "Unknown browser";
  const system = nameIn(SYSTEMS, userAgent ?? "");
  return system ? `${browser} on ${system}` : browser;
}
