import type { Linked } from "../../src/imports/linked.ts";
import type { ImportResult } from "../../src/imports/result.ts";

type Warning = ImportResult["imports"][number]["warnings"][number];

/** "1 file", "1,200 rows". */
export const counted = (count: number, what: string) =>
  `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;

/** Links to its dashboard where it has one. */
export function TableName({ table: { table_name, dashboard_id } }: { table: Linked }) {
  if (dashboard_id === null) return <span dir="auto">{table_name}</span>;
  return <a href={`/dashboards/${dashboard_id}`} dir="auto">{table_name}</a>;
}

export function Warnings({ warnings }: { warnings: Warning[] }) {
  if (warnings.length === 0) return null;
  return (
    <details class="warnings">
      <summary>
        <span class="state warn">{counted(warnings.length, "warning")}</span>
      </summary>
      <ul>
        {warnings.map(({ line, message }) => (
          <li>{line === null ? message : `Line ${line.toLocaleString("en-US")}: ${message}`}</li>
        ))}
      </ul>
    </details>
  );
}
