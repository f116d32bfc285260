import type { ShownNumber } from "../src/measures/format.ts";
import { NumberCell, Table } from "./parts/table.tsx";

/** Fits below a card's name. */
const ON_A_CARD = 4;

function Change({ number: { change, state } }: { number: ShownNumber }) {
  return <span class={state === "none" ? "hint" : `state ${state}`}>{change}</span>;
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
            <strong>{number.value}</strong>
            <br />
            <Change number={number} />
          </p>
        ))}
      </div>
    </div>
  );
}

export function NumberTable({ numbers, run }: { numbers: ShownNumber[]; run: number }) {
  return (
    <section class="card">
      <Table label={`The numbers of run ${run}`}>
        <thead>
          <tr>
            <th scope="col">Design</th>
            <th scope="col">Number</th>
            <th scope="col" class="num">Value</th>
            <th scope="col" class="num">Before</th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {numbers.map((number) => (
            <tr>
              <td>{number.group ?? ""}</td>
              <td>{number.label}</td>
              <NumberCell>{number.value}</NumberCell>
              <NumberCell>{number.before}</NumberCell>
              <td>
                <Change number={number} />
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  );
}
