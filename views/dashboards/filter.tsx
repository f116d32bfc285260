import type { Again } from "../../src/http/forms.ts";
import type { Who } from "../../src/who.ts";
import { ChoiceField, TextField } from "../field.tsx";
import { usePage } from "../parts/page.tsx";
import { KINDS, STATES } from "./state.tsx";

const OUTCOMES = {
  loaded: "Loaded",
  empty: "No data",
  error: "Error",
  timeout: "Not in time",
  denied: "Denied",
  gone: "Gone",
};
const SORTS = { newest: "Newest", name: "Name", state: "State" };
const options = (names: Record<string, string>): [string, string][] => Object.entries(names);
const ANY: [string, string] = ["", "All"];

/** Attributes of a form or link that shows another part of the list without a reload. */
export const showsList = (address: string) => ({
  "hx-get": address,
  "hx-target": "#list",
  "hx-select": "#list",
  "hx-swap": "outerMorph",
  "hx-push-url": "true",
});

/** `path`: of the list that it narrows down. */
export function DashboardFilter({ who, search, path }: { who: Who; search: Again; path: string }) {
  const same = { form: "find", again: search };
  const { q: _, ...others } = search.typed;
  const narrowed = Object.keys(others).length > 0;
  return (
    <form
      class="filter"
      id="find"
      method="get"
      action={path}
      role="search"
      {...showsList(path)}
      hx-trigger="submit, input delay:300ms"
    >
      <TextField {...same} name="q" label="Name contains" type="search" maxlength={130} />
      <button class="quiet" type="submit">Search</button>
      <details class="more" open={narrowed}>
        <summary>Filter and sort</summary>
        <div class="filter">
          {who.role === "admin" && (
            <TextField {...same} name="username" label="User" maxlength={32} />
          )}
          <ChoiceField
            {...same}
            name="kind"
            label="Kind"
            value=""
            options={[ANY, ...options(KINDS)]}
          />
          <ChoiceField
            {...same}
            name="state"
            label="State"
            value=""
            options={[ANY, ...options(STATES)]}
          />
          <ChoiceField
            {...same}
            name="outcome"
            label="Preview"
            value=""
            options={[ANY, ...options(OUTCOMES)]}
          />
          <TextField {...same} name="design" label="Design" maxlength={700} />
          <ChoiceField
            {...same}
            name="sort"
            label="Sort by"
            value="newest"
            options={options(SORTS)}
          />
        </div>
      </details>
    </form>
  );
}

/** Links between the two looks of the list; the chosen one is remembered. */
export function ViewChoice({ view }: { view: string }) {
  const { address } = usePage();
  return (
    <nav class="views" aria-label="Look of the list">
      {[["grid", "Grid"], ["table", "Table"]].map(([name, text]) => {
        const url = new URL(address, "http://here");
        url.searchParams.set("view", name!);
        const href = url.pathname + url.search;
        return (
          <a href={href} aria-current={name === view ? "true" : undefined} {...showsList(href)}>
            {text}
          </a>
        );
      })}
    </nav>
  );
}
