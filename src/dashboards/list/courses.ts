import type { Sql } from "../../external/postgres/postgres.ts";
import { withShownNumbers } from "../../measures/format.ts";
import type { KeyNumber } from "../../measures/number.ts";
import { findCourses } from "../../pipeline/numbers_store.ts";

/** Shown beside a name in a list. */
const MOST_NUMBERS = 4;
const MOST_RUNS = 30;

/** The numbers of the most important group, which a list shows. */
const keyNumbers = (numbers: KeyNumber[]) =>
  numbers.filter(({ group }) => group === numbers[0]!.group).slice(0, MOST_NUMBERS);

/** Rows as a page shows them: numbers as text, with their courses; `all`: with histories as well. */
export async function withCourses<Row extends { id: number; numbers: KeyNumber[] }>(
  db: Sql,
  rows: Row[],
  { all = false } = {},
) {
  const wanted = rows.flatMap(({ id, numbers }) => {
    const groups = Map.groupBy(all ? numbers : keyNumbers(numbers), ({ group }) => group);
    return [...groups].map(([group, own]) => ({
      id,
      group_name: group ?? "",
      names: own.map(({ name }) => name),
    }));
  });
  const kept = Map.groupBy(await findCourses(db, wanted, MOST_RUNS), ({ id }) => id);
  return rows.map((row) => withShownNumbers(row, kept.get(row.id), { histories: all }));
}
