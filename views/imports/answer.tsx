import type { FirstRows } from "../../src/imports/first_rows.ts";
import type { Linked } from "../../src/imports/linked.ts";
import type { ImportResult } from "../../src/imports/result.ts";
import type { WithShown } from "../../src/measures/format.ts";
import { KINDS } from "../dashboards/state.tsx";
import { KeyNumbers } from "../numbers.tsx";
import { Head, NumberCell, Table } from "../parts/table.tsx";
import { counted, TableName, Warnings } from "./parts.tsx";

type File = Omit<WithShown<ImportResult["imports"][number]>, "tables"> & {
  tables: Linked[];
  /** Of a check. */
  first_rows: FirstRows | undefined;
};
export type Answer = { run_id: string; files: File[] };

/** "3 files", as the script's button and the heading name them. */
function Heading({ files, run_id }: Answer) {
  const isWritten = files.some(({ import_id }) => import_id !== null);
  const count = counted(files.length, "file");
  return (
    <>
      <h2 tabindex={-1} data-files={`${files.length}`}>
        {isWritten ? `${count} imported` : `${count} checked, nothing written yet`}
      </h2>
      <p class="hint">
        Run <code>{run_id}</code>
      </p>
    </>
  );
}

function Tables({ file: { tables, import_id } }: { file: File }) {
  if (tables.length === 0) return <p>The file has no rows.</p>;
  return (
    <ul class="plain-list">
      {tables.map((table) => (
        <li>
          <span class={`kind ${table.kind}`}>{KINDS[table.kind]}</span>
          <TableName table={table} />
          <span class="hint">
            {` ${counted(table.rows, "row")}`}
            {table.created && (import_id === null ? ", a new table" : ", created")}
          </span>
        </li>
      ))}
    </ul>
  );
}

const NUMBER = /^[-+]?[\d.]+(?:e[-+]?\d+)?$/i;

function First({ file, name }: { file: File; name: string }) {
  const { rows = [], columns = [], more_columns = 0 } = file.first_rows ?? {};
  if (rows.length === 0) return null;
  const isNumber = (i: number) =>
    rows.every((cells) => cells[i] === null || NUMBER.test(cells[i]!)) &&
    rows.some((cells) => cells[i] !== null);
  const more = more_columns > 0 ? `, without ${counted(more_columns, "further column")}` : "";
  return (
    <Table label={`First rows of ${name}${more}`}>
      <Head columns={columns.map((text, i) => ({ text, number: isNumber(i) }))} />
      <tbody>
        {rows.map((cells) => (
          <tr>
            {cells.map((cell, i) =>
              isNumber(i)
                ? <NumberCell>{cell ?? "–"}</NumberCell>
                : <td dir="auto">{cell ?? "–"}</td>
            )}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** What was read of the files, and what was or will be written. */
export function Answered({ answer }: { answer: Answer }) {
  return (
    <>
      <Heading {...answer} />
      {answer.files.map((file, i) => {
        const name = file.file ?? `File ${i + 1}`;
        return (
          <article class="imported">
            <h3 dir="auto">{name}</h3>
            <p class="hint">
              Format <code>{file.format}</code>
              {file.tool && ` of ${file.tool}`}
            </p>
            <Tables file={file} />
            <Warnings warnings={file.warnings} />
            <KeyNumbers numbers={file.numbers} />
            <First file={file} name={name} />
          </article>
        );
      })}
    </>
  );
}
