import type { ShownNumber } from "../src/measures/format.ts";
import { Sparkline } from "./parts/show.tsx";
import { Head, NumberCell, Table } from "./parts/table.tsx";

/** Fits below a card's name. */
const ON_A_CARD = 4;

function Change({ number: { change, state } }: { number: ShownNumber }) {
  return <span class={state === "none" ? "hint" : `state ${state}`}>{change}</span>;
}

/** Its course over the kept runs. */
function Course({ number: { course } }: { number: ShownNumber }) {
  return course ? <Sparkline values={course.values} label={course.label} /> : null;
}

/** The first numbers of the most important group. */
export function KeyNumbers({ numbers }: { numbers: ShownNumber[] }) {
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
            <span class="hint">{number.label}</span>
            <br />
            <strong>{number.value}</strong> <Course number={number} />
            <br />
            <Change number={number} />
          </p>
        ))}
      </div>
    </div>
  );
}

/** One body of lines for each design. */
export function NumberTable({ numbers, run }: { numbers: ShownNumber[]; run: number }) {
  return (
    <section class="card numbers">
      <Table label={`The numbers of run ${run}`}>
        <Head columns={["Number", right("Value"), "Change", right("Before")]} />
        {[...Map.groupBy(numbers, ({ group }) => group)].map(([group, own]) => (
          <tbody>
            {group !== null && (
              <tr>
                <th scope="rowgroup" colspan={4} dir="auto">{group}</th>
              </tr>
            )}
            {own.map((number) => (
              <tr>
                <th scope="row">{number.label}</th>
                <NumberCell>{number.value}</NumberCell>
                <td>
                  <Change number={number} />
                </td>
                <NumberCell>{number.before}</NumberCell>
              </tr>
            ))}
          </tbody>
        ))}
      </Table>
    </section>
  );
}

const right = (text: string) => ({ text, number: true });
