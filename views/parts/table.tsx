import type { Child } from "hono/jsx";

/** A table in a region that scrolls, also by keyboard; `label` is its name, shown unless `silent`. */
export function Table({ label, silent = false, children }: {
  label: string;
  silent?: boolean;
  children: Child;
}) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={label}>
      <table>
        <caption class={silent ? "unseen" : undefined}>{label}</caption>
        {children}
      </table>
    </div>
  );
}

type Column = string | { text: string; number?: boolean };

/** The first line of a table; columns of numbers are aligned right. */
export function Head({ columns }: { columns: Column[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column) =>
          typeof column === "string"
            ? <th scope="col">{column}</th>
            : <th scope="col" class={column.number ? "num" : undefined}>{column.text}</th>
        )}
      </tr>
    </thead>
  );
}

/** A cell with aligned digits. */
export function NumberCell({ children }: { children: Child }) {
  return <td class="num">{children}</td>;
}

/** Links to the first page, unless it is shown, and to the next one. */
export function Pager({ first, next }: { first?: string | undefined; next?: string | undefined }) {
  if (!first && !next) return null;
  return (
    <nav class="pager" aria-label="Pages of this list">
      {first ? <a href={first}>First page</a> : <span></span>}
      {next && <a href={next} rel="next">Next page</a>}
    </nav>
  );
}
