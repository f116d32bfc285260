// From `?theme=light|dark`, else what the viewer chose, else the browser's preference.

const { documentElement: page } = document;
const asked = new URLSearchParams(location.search).get("theme") ?? page.dataset.theme;
const preference = matchMedia("(prefers-color-scheme: dark)");
const isAsked = asked === "dark" || asked === "light";
const isDark = isAsked ? asked === "dark" : preference.matches;

// The colours of css/tokens.css follow this.
page.dataset.theme = isDark ? "dark" : "light";
if (!isAsked) preference.addEventListener("change", () => location.reload());

export const INK = isDark ? "#d5d9de" : "#24292e";
export const SOFT = isDark ? "#a3abb6" : "#5b6470";
export const GRID = isDark ? "#2f343a" : "#e9ebee";
export const PAPER = isDark ? "#181b1f" : "#ffffff";
const DARK_INK = "#24292e";

/** From few to many: one hue with increasing contrast. */
export const BLUES = isDark
  ? ["#12273d", "#153a61", "#1a5288", "#2a72b5", "#5296d4", "#8dbde6", "#d0e4f6"]
  : ["#e8f1fa", "#c6dbef", "#9ecae1", "#6baed6", "#3182bd", "#08519c", "#08306b"];

/** Board colours on a dark page: same hues, contrast 4.5 : 1 for text and 3 : 1 for lines. */
const ON_DARK = {
  "#24292e": INK,
  "#1f4e79": "#86b9ea",
  "#c4320a": "#ff7f5c",
  "#00846b": "#35c4a2",
  "#0072b2": "#2f8fd8",
  "#d55e00": "#f0803a",
  "#009e73": "#1fb58a",
  "#56b4e9": "#8fd0f5",
  "#ffffff": PAPER,
  "#fde8cf": "#3d2a17",
  "#fcd5a7": "#553618",
  "#fbc27f": "#6e4214",
  "#f1a456": "#8a4e13",
  "#e8862e": "#a85c14",
  "#ba560f": "#e8862e",
  "#94400a": "#f1a456",
  "#5e2403": "#fcd5a7",
};

/** The JSON's colour in the current theme. */
export const themed = (color) => isDark ? ON_DARK[color?.toLowerCase()] ?? color : color;

/** Relative luminance by WCAG 2, of `#rrggbb`. */
function luminance(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** White or dark ink, whichever has more contrast on this colour (`#rrggbb`). */
export function readableOn(color) {
  const light = luminance(color) + 0.05;
  return 1.05 / light > light / (luminance(DARK_INK) + 0.05) ? "#ffffff" : DARK_INK;
}
