import type { z } from "@hono/zod-openapi";
import type { Again } from "../../src/http/forms.ts";
import type { Linked } from "../../src/imports/linked.ts";
import type { ListedImport } from "../../src/imports/result.ts";
import type { Who } from "../../src/who.ts";
import { KINDS } from "../dashboards/state.tsx";
import { ChoiceField, TextField } from "../field.tsx";
import { FilterBar } from "../parts/form.tsx";
import { Time } from "../parts/show.tsx";
import { Head, NumberCell, Pager, Table } from "../parts/table.tsx";
import { TableName, Warnings } from "./parts.tsx";

type Import = Omit<z.infer<typeof ListedImport>, "tables"> & { tables: Linked[] };
export type ListProps = {
  who: Who;
  formats: string[];
  imports: Import[];
  search: Again;
  first?: string | undefined;
  next?: string | undefined;
};

function Filter({ who, formats, search }: Pick<ListProps, "who" | "formats" | "search">) {
  const same = { form: "find", again: search };
  return (
    <FilterBar action="/imports">
      {who.role === "admin" && (
        <TextField {...same} name="user" label="User" type="search" maxlength={400} />
      )}
      <ChoiceField
        {...same}
        name="format"
        label="Format"
        value=""
        options={[["", "All"], ...formats.map((name): [string, string] => [name, name])]}
      />
    </FilterBar>
  );
}

function Row({ row, who }: { row: Import; who: Who }) {
  const by = row.imported_by === row.username
    ? row.username
    : `${row.imported_by} for ${row.username}`;
  return (
    <tr>
      <td>
        <Time at={row.imported_at} />
      </td>
      <th scope="row">
        <span dir="auto">{row.file ?? "Without a name"}</span>
        <span class="line hint">
          {row.format}
          {row.tool && ` · ${row.tool}`}
        </span>
      </th>
      <td>
        {who.role === "admin" ? <a href={`/users/${row.user_id}`}>{by}</a> : by}
      </td>
      <NumberCell>{row.rows.toLocaleString("en-US")}</NumberCell>
      <td>
        {row.tables.map((table) => (
          <span class="line">
            <span class={`kind ${table.kind}`}>{KINDS[table.kind]}</span>
            <TableName table={table} />
          </span>
        ))}
      </td>
      <td class="run">
        <code>{row.run_id}</code>
      </td>
      <td>{row.warnings.length > 0 ? <Warnings warnings={row.warnings} /> : "–"}</td>
    </tr>
  );
}

function None({ isSearch }: { isSearch: boolean }) {
  if (isSearch) {
    return (
      <p>
        No imports match. <a href="/imports">Show all imports</a>
      </p>
    );
  }
  return (
    <div class="empty">
      <h2>No imports yet</h2>
      <p>
        Choose report files above, or add the line below to a run script: each file becomes a table
        with its dashboard.
      </p>
    </div>
  );
}

const ROWS = { text: "Rows", number: true };

/** Newest first; a script renews it after an import. */
export function ImportList({ who, formats, imports, search, first, next }: ListProps) {
  const isSearch = Object.keys(search.typed).length > 0;
  const isEmpty = imports.length === 0 && !isSearch && !first;
  return (
    <section class="card" id="import-list" aria-label="Imports">
      {!isEmpty && <Filter {...{ who, formats, search }} />}
      {imports.length === 0 ? <None isSearch={isSearch} /> : (
        <Table label="Imports, newest first">
          <Head columns={["Time", "File", "Imported by", ROWS, "Tables", "Run", "Warnings"]} />
          <tbody>{imports.map((row) => <Row row={row} who={who} />)}</tbody>
        </Table>
      )}
      <Pager first={first} next={next} />
    </section>
  );
}
