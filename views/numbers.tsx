import type { KeyNumber } from "../src/dashboards/summary_number.ts";

const LABELS: Record<KeyNumber["name"], string> = {
  setup_wns: "Setup WNS",
  setup_tns: "Setup TNS",
  hold_wns: "Hold WNS",
  violations: "Violations",
  drc_total: "DRC total",
  area: "Area",
  utilization: "Utilization",
  power: "Power",
  runtime: "Runtime",
};
/** What fits under a card's name beside its picture. */
const ON_A_CARD = 4;

function figure(value: number, unit: string | null = null): string {
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e15)
    ? String(Number(value.toPrecision(4)))
    : value.toLocaleString("en-US", { maximumSignificantDigits: size < 1000 ? 6 : 15 });
  return unit ? `${text} ${unit}` : text;
}

function Change({ number }: { number: KeyNumber }) {
  const { change, better, unit } = number;
  if (change === null) return <span class="hint">no value before</span>;
  if (change === 0) return <span class="hint">no change</span>;
  const text = `${change > 0 ? "+" : ""}${figure(change, unit)}`;
  if (better === null) return <span>{text}</span>;
  return (
    <span class={`state ${better ? "good" : "bad"}`}>
      {`${text}, ${better ? "better" : "worse"}`}
    </span>
  );
}

/** The first numbers of the group that matters most, for a card. */
export function KeyNumbers({ numbers }: { numbers: KeyNumber[] }) {
  const [first] = numbers;
  if (!first) return null;
  const own = numbers.filter(({ group }) => group === first.group);
  const others = new Set(numbers.map(({ group }) => group)).size - 1;
  return (
    <div>
      {first.group !== null && (
        <p class="hint">
          {others > 0 ? `${first.group}, and ${others} more in this run` : first.group}
        </p>
      )}
      <div class="fields">
        {own.slice(0, ON_A_CARD).map((number) => (
          <p>
            <span class="hint">{LABELS[number.name]}</span>
            <br />
            <strong>{figure(number.value, number.unit)}</strong>
            <br />
            <Change number={number} />
          </p>
        ))}
      </div>
    </div>
  );
}

/** All numbers of a run, each with what it was at the run before. */
export function NumberTable({ numbers, run }: { numbers: KeyNumber[]; run: number }) {
  return (
    <section class="card">
      <table>
        <caption>{`The numbers of run ${run}`}</caption>
        <thead>
          <tr>
            <th>Design</th>
            <th>Number</th>
            <th>Value</th>
            <th>Before</th>
            <th>Change</th>
          </tr>
        </thead>
        <tbody>
          {numbers.map((number) => (
            <tr>
              <td>{number.group ?? ""}</td>
              <td>{LABELS[number.name]}</td>
              <td>{figure(number.value, number.unit)}</td>
              <td>{number.before === null ? "" : figure(number.before, number.unit)}</td>
              <td>
                <Change number={number} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
