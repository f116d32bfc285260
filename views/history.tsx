import type { ShownNumber } from "../src/measures/format.ts";
import { Head, NumberCell, Table } from "./parts/table.tsx";

const WIDTH = 240, HEIGHT = 80, EDGE = 4;
/** Above, points would touch each other. */
const MOST_DOTS = 30;

type Course = NonNullable<ShownNumber["course"]>;

function Line({ values, label }: Course) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (i: number) => EDGE + i / (values.length - 1) * (WIDTH - 2 * EDGE);
  const share = (value: number) => high > low ? (value - low) / (high - low) : 0.5;
  const y = (value: number) => HEIGHT - EDGE - share(value) * (HEIGHT - 2 * EDGE);
  const points = values.map((value, i) => [x(i).toFixed(1), y(value).toFixed(1)] as const);
  const last = values.length - 1;
  const dots = values.length > MOST_DOTS ? points.slice(last) : points;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <path class="axis" d={`M0 ${EDGE}H${WIDTH}M0 ${HEIGHT - EDGE}H${WIDTH}`} />
      <path d={`M${points.map(([x, y]) => `${x} ${y}`).join("L")}`} />
      {dots.map(([cx, cy]) => <circle cx={cx} cy={cy} r="2.5" />)}
    </svg>
  );
}

/** A number over its runs: highest and lowest value, first and last run, and the values as a table. */
function Chart({ number: { label, value, course } }: { number: ShownNumber }) {
  if (!course?.history) return null;
  const { runs, low, high } = course.history;
  const ends = [runs[0]!.name, runs.at(-1)!.name];
  return (
    <figure class="history">
      <figcaption>
        {`${label} `}
        <strong>{value}</strong>
      </figcaption>
      <div class="chart">
        <div class="range" aria-hidden="true">
          <span>{high}</span>
          {low !== high && <span>{low}</span>}
        </div>
        <Line {...course} />
        <div class="ends" aria-hidden="true">
          {ends.map((name) => <span title={name} dir="auto">{name}</span>)}
        </div>
      </div>
      <details>
        <summary>{`Values of ${runs.length} runs`}</summary>
        <Table label={`${label}, run by run`} silent>
          <Head columns={["Run", { text: "Value", number: true }]} />
          <tbody>
            {runs.toReversed().map(({ name, value }) => (
              <tr>
                <th scope="row" dir="auto">{name}</th>
                <NumberCell>{value}</NumberCell>
              </tr>
            ))}
          </tbody>
        </Table>
      </details>
    </figure>
  );
}

/** The numbers that have a history, by design: the first one's are open. */
export function Histories({ numbers }: { numbers: ShownNumber[] }) {
  const shown = numbers.filter(({ course }) => course?.history);
  if (shown.length === 0) return null;
  return (
    <section class="card" aria-labelledby="history">
      <h2 id="history">History</h2>
      {[...Map.groupBy(shown, ({ group }) => group)].map(([group, own], i) => (
        <details class="histories" open={i === 0}>
          <summary dir="auto">{group ?? "All designs"}</summary>
          <div class="charts">{own.map((number) => <Chart number={number} />)}</div>
        </details>
      ))}
    </section>
  );
}
