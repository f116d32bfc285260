import type { Role } from "../src/dashboards/mapping/form.ts";
import type { Reading } from "../src/dashboards/mapping/mapping.ts";
import type { Again } from "../src/http/forms.ts";
import { faultAt } from "./field.tsx";
import { Form } from "./parts/form.tsx";
import { usePage } from "./parts/page.tsx";
import { Table } from "./parts/table.tsx";

/** Views import no code from src: the route adds roles and labels. */
export type MappingCard = {
  reading: (Reading & { roles: Role[]; labels: Record<string, string> }) | { unreadable: string };
  again?: Again | undefined;
};
type Read = Exclude<MappingCard["reading"], { unreadable: string }>;
/** `fixed`: the reader may not change it; a disabled fieldset would close its scroll regions as well. */
type Filled = Again & { fixed: boolean };
type Props = { reading: Read; again: Filled };

const ROLES: [Role, string][] = [
  ["", "–"],
  ["run", "Run"],
  ["order", "Time of the run"],
  ["run order", "Run and its time"],
  ["group", "Group"],
  ["dimension", "Dimension"],
  ["ignored", "Ignored"],
];

/** The API accepts all columns. */
const MOST_COLUMNS = 60;

function Fault({ again, name }: { again: Again | undefined; name: string }) {
  const fault = faultAt(again, name);
  return fault ? <p class="fault" id={`fault-${name}`}>{fault}</p> : null;
}

function field(again: Filled, name: string, value: string) {
  return {
    name,
    value: again.typed[name] ?? value,
    disabled: again.fixed,
    invalid: faultAt(again, name)
      ? { "aria-invalid": "true", "aria-describedby": `fault-${name}` }
      : {},
  };
}

function Choice({ again, name, value, label, options }: {
  again: Filled;
  name: string;
  value: string;
  label: string;
  options: [string, string][];
}) {
  const { invalid, ...chosen } = field(again, name, value);
  return (
    <>
      <select name={name} aria-label={label} disabled={chosen.disabled} {...invalid}>
        {options.map(([value, text]) => (
          <option value={value} selected={value === chosen.value}>{text}</option>
        ))}
      </select>
      <Fault again={again} name={name} />
    </>
  );
}

function Text({ again, name, value, label, most }: {
  again: Filled;
  name: string;
  value: string;
  label: string;
  most: number;
}) {
  const { invalid, ...typed } = field(again, name, value);
  return (
    <>
      <input
        type="text"
        {...typed}
        aria-label={label}
        size={10}
        maxlength={most}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        {...invalid}
      />
      <Fault again={again} name={name} />
    </>
  );
}

/** One row per column: its role and first values. */
function Columns({ reading: { columns, roles, rows }, again }: Props) {
  const shown = columns.map((name, i) => ({ name, role: roles[i]!, i }))
    .toSorted((a, b) => Number(b.role !== "") - Number(a.role !== "") || a.i - b.i)
    .slice(0, MOST_COLUMNS).toSorted((a, b) => a.i - b.i);
  return (
    <>
      <Table label="Columns" silent>
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Role</th>
            {rows.map((_, i) => <th scope="col">{`Row ${i + 1}`}</th>)}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ name, role, i }) => (
            <tr>
              <th scope="row">{name}</th>
              <td>
                <Choice
                  again={again}
                  name={`role:${name}`}
                  value={role}
                  label={`Role of ${name}`}
                  options={ROLES}
                />
              </td>
              {rows.map((row) => <td>{row[i] ?? <span class="hint">null</span>}</td>)}
            </tr>
          ))}
        </tbody>
      </Table>
      {columns.length > shown.length && (
        <p class="hint">{`And ${columns.length - shown.length} more columns, in the API.`}</p>
      )}
    </>
  );
}

type Measure = Read["mapping"]["measures"][number] | typeof NEW;
const NEW = { name: "new", column: "", metric: null, unit: null, doubt: null } as const;

function Measures({ reading, again }: Props) {
  return (
    <Table label="Numbers" silent>
      <thead>
        <tr>
          <th scope="col">Number</th>
          <th scope="col">Column</th>
          {reading.is_long && <th scope="col">Metric</th>}
          <th scope="col">Unit</th>
        </tr>
      </thead>
      <tbody>
        {[...reading.mapping.measures, NEW].map((measure) => (
          <MeasureLine measure={measure} reading={reading} again={again} />
        ))}
      </tbody>
    </Table>
  );
}

function MeasureLine({ measure, reading, again }: Props & { measure: Measure }) {
  const { name, column, metric, unit, doubt } = measure;
  const { mapping, columns, is_long, labels } = reading;
  const label = labels[name] ?? "the added number";
  const options = columns.map((name): [string, string] => [name, name]);
  const missing = Object.entries(labels)
    .filter(([name]) => !mapping.measures.some((one) => one.name === name));
  return (
    <tr>
      <th scope="row">
        {labels[name] ?? (
          <Choice
            again={again}
            name="name:new"
            value=""
            label="Add a number"
            options={[["", "Add a number"], ...missing]}
          />
        )}
        {mapping.corrected.includes(`measures.${name}`) && <p class="hint">Corrected</p>}
        {doubt && <p class="hint">{`Not sure: ${doubt}`}</p>}
      </th>
      <td>
        <Choice
          again={again}
          name={`column:${name}`}
          value={column ?? ""}
          label={`Column of ${label}`}
          options={[["", measure === NEW ? "–" : "Off"], ...options]}
        />
      </td>
      {is_long && (
        <td>
          <Text
            {...{ again, name: `metric:${name}`, value: metric ?? "", most: 200 }}
            label={`Metric of ${label}`}
          />
        </td>
      )}
      <td>
        <Text
          {...{ again, name: `unit:${name}`, value: unit ?? "", most: 20 }}
          label={`Unit of ${label}`}
        />
      </td>
    </tr>
  );
}

function MappingForm({ id, reading, isOwn, ...form }: {
  id: number;
  reading: Read;
  isOwn: boolean;
  again: Again | undefined;
}) {
  const again = { typed: {}, issues: [], ...form.again, fixed: !isOwn };
  const { format, corrected } = reading.mapping;
  const parts = corrected.filter((part) => !part.startsWith("measures."));
  return (
    <>
      <p class="hint">
        {format ? `Known format: ${format}. ` : ""}
        {parts.length > 0 ? `Corrected: ${parts.join(", ")}. ` : ""}
        {isOwn
          ? "A correction stays for later runs. It draws the board again and corrects the Slack message of this run."
          : "Its user or an admin can correct it."}
      </p>
      <Form action={`/dashboards/${id}/mapping`}>
        <Fault again={again} name="" />
        <div class="scroll">
          <Measures reading={reading} again={again} />
        </div>
        <div class="scroll">
          <Columns reading={reading} again={again} />
        </div>
        <div class="actions" hidden={!isOwn}>
          <button type="submit">Save correction</button>
          {corrected.length > 0 && (
            <button class="plain" type="submit" name="reset" value="true">
              Reset to automatic
            </button>
          )}
        </div>
      </Form>
    </>
  );
}

/** `card` undefined: a reloaded page keeps its form and input. */
export function HowItIsRead({ row: { id, user_id }, card }: {
  row: { id: number; user_id: number };
  card: MappingCard | undefined;
}) {
  const isOwn = usePage().mayChange({ user_id });
  return (
    <section class="card mapping" id="mapping" hx-morph-skip>
      <h2>How this table is read</h2>
      {card && ("unreadable" in card.reading
        ? <p class="fault">{card.reading.unreadable}</p>
        : <MappingForm id={id} reading={card.reading} again={card.again} isOwn={isOwn} />)}
    </section>
  );
}
