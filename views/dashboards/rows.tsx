import type { Who } from "../../src/who.ts";
import { KeyNumbers } from "../numbers.tsx";
import { PreviewLink } from "../parts/preview.tsx";
import { State, Time } from "../parts/show.tsx";
import { Head, Table } from "../parts/table.tsx";
import { Actions, Choice } from "./actions.tsx";
import { MutingState } from "./muting.tsx";
import { KINDS, LastError, nameOf, Path, type Row, state } from "./state.tsx";

export type View = "grid" | "table";
type Props = { row: Row; who: Who };

/** Fetches the row anew when a script sees its event. */
const live = (id: number, view: View) => ({
  id: `dashboard-${id}`,
  "data-row": `${id}`,
  "hx-get": `/dashboards/${id}/row?view=${view}`,
  "hx-trigger": "row-moved",
  "hx-swap": "outerMorph",
});

const linkTo = ({ id }: Row) => `/dashboards/${id}`;

function Owner({ row }: { row: Row }) {
  return (
    <>
      <span class={`kind ${row.kind}`}>{KINDS[row.kind]}</span>
      <span class="hint">{`${row.username} · run ${row.run} · ${row.source}`}</span>
    </>
  );
}

export function Card({ row, who }: Props) {
  const name = nameOf(row);
  const silent = row.panels.filter(({ state }) => state === "empty").length;
  return (
    <article class="card dashboard" {...live(row.id, "grid")}>
      <PreviewLink id={row.id} name={name} captured_at={row.captured_at} />
      <div class="about">
        <h2>
          <Choice row={row} />
          <a href={linkTo(row)}>{name}</a>
        </h2>
        <p>
          <Owner row={row} />
        </p>
        <p>
          <State {...state(row)} />
        </p>
        <Path row={row} />
        <LastError row={row} />
        <MutingState row={row} />
        {row.edited && <p class="hint">Edited in Grafana: left as it is.</p>}
        <KeyNumbers numbers={row.numbers} />
        {row.why && <p>{row.why}</p>}
        {row.template_note && <p class="hint">{row.template_note}</p>}
        {row.captured_at && silent > 0 && (
          <p class="hint">{`${silent} of ${row.panels.length} panels without data`}</p>
        )}
        <div class="actions">
          <a href={row.dashboard_url}>Open</a>
          <Actions row={row} who={who} />
        </div>
      </div>
    </article>
  );
}

export function Line({ row, who }: Props) {
  return (
    <tr {...live(row.id, "table")}>
      <td class="choice">
        <Choice row={row} />
      </td>
      <th scope="row">
        <a href={linkTo(row)}>{nameOf(row)}</a>
        <span class="line">
          <Owner row={row} />
        </span>
        <span class="line hint">
          Run found <Time at={row.found_at ?? row.created_at} />
        </span>
      </th>
      <td>
        <State {...state(row)} />
        <Path row={row} short />
        <LastError row={row} />
        <MutingState row={row} />
      </td>
      <td>
        <div class="actions">
          <a href={row.dashboard_url} aria-label={`Open: ${nameOf(row)}`}>Open</a>
          <Actions row={row} who={who} />
        </div>
      </td>
      <td>
        <KeyNumbers numbers={row.numbers} />
      </td>
    </tr>
  );
}

export function Rows({ rows, who, view }: { rows: Row[]; who: Who; view: View }) {
  if (view === "grid") {
    return <div class="dashboards">{rows.map((row) => <Card row={row} who={who} />)}</div>;
  }
  return (
    <section class="card dense">
      <Table label="Dashboards" silent>
        <Head columns={["Choose", "Dashboard", "State", "Actions", "Numbers"]} />
        <tbody>{rows.map((row) => <Line row={row} who={who} />)}</tbody>
      </Table>
    </section>
  );
}
