/** Small things that show a value. */

/** In UTC, to the minute or (`exact`) second; a script makes it relative, in the reader's zone. */
export function Time({ at, exact = false }: { at: string; exact?: boolean }) {
  const text = `${at.slice(0, exact ? 19 : 16).replace("T", " ")} UTC`;
  return <time datetime={at} data-exact={exact ? "" : undefined}>{text}</time>;
}

export type Mark = "good" | "warn" | "bad" | "busy" | "idle";

/** A state in words; its mark differs by shape as well as by colour. */
export function State({ mark, text }: { mark: Mark; text: string }) {
  return <span class={`state ${mark}`}>{text}</span>;
}

/** Work under way: `done` from 0 to 1, or none where the end is not known. */
export function Progress({ text, done }: { text: string; done?: number }) {
  return (
    <p class="progress" role="status">
      <progress value={done} max={1} aria-label={text}></progress>
      <span>{text}</span>
    </p>
  );
}

const WIDTH = 100, HEIGHT = 24, EDGE = 2;

/** The course of a number, oldest first; null: no value. `label` says it in words. */
export function Sparkline({ values, label }: { values: (number | null)[]; label: string }) {
  const known = values.flatMap((value, i) => value === null ? [] : [{ value, i }]);
  if (known.length < 2) return null;
  const all = known.map(({ value }) => value);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (i: number) => EDGE + i / (values.length - 1) * (WIDTH - 2 * EDGE);
  const share = (value: number) => high > low ? (value - low) / (high - low) : 0.5;
  const y = (value: number) => HEIGHT - EDGE - share(value) * (HEIGHT - 2 * EDGE);
  const at = ({ value, i }: { value: number; i: number }) =>
    `${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path d={`M${known.map(at).join("L")}`} />
    </svg>
  );
}
