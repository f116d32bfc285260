import type { WaitingTable } from "../../src/pipeline/scan/store.ts";
import type { Who } from "../../src/who.ts";
import { Time } from "../parts/show.tsx";
import { KINDS, nameOf } from "./state.tsx";

/** Tables that become dashboards once their writes have finished: what each waits for, and since when. */
export function WaitingTables({ who, tables }: { who: Who; tables: WaitingTable[] }) {
  return (
    <ul class="plain-list">
      {tables.map((table) => (
        <li>
          <span class={`kind ${table.kind}`}>{KINDS[table.kind]}</span>
          <bdi>{nameOf(table)}</bdi>
          {table.user_id !== who.user_id && <span class="hint">{` ${table.username}`}</span>}
          <span class="hint">
            {` ${table.why}, since `}
            <Time at={table.since} />
          </span>
        </li>
      ))}
    </ul>
  );
}
