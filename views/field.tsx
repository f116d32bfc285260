import type { Child } from "hono/jsx";
import type { Again } from "../src/http/forms.ts";

/** The fault at a field; "" is the whole form. */
export const faultAt = (again: Again | undefined, name: string) =>
  again?.issues.find(({ path }) => path === name)?.message;

/** `form` keeps ids apart where a page has two fields of one name. */
type Props = {
  form: string;
  name: string;
  label: string;
  hint?: string;
  again?: Again | undefined;
};
type Attributes = Record<string, string | boolean | undefined>;
type Line = {
  value?: string | undefined;
  type?: "text" | "search" | "datetime-local";
  step?: "any";
  maxlength?: number;
  required?: boolean;
};

/** "must not be empty" under "Value" is "Value must not be empty."; sentences stay as they are. */
const sentence = (label: string, fault: string) =>
  /^[a-z]/.test(fault) ? `${label.replace(/ \(.*/, "")} ${fault}.` : fault;

function Field(
  { form, name, label, hint, again, control }: Props & { control: (same: Attributes) => Child },
) {
  const id = `${form}-${name}`;
  const fault = faultAt(again, name);
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  const same = {
    id,
    name,
    "aria-describedby": described || undefined,
    ...(fault ? { "aria-invalid": "true", autofocus: true } : {}),
  };
  return (
    <div class="entry">
      <label for={id}>{label}</label>
      {control(same)}
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      {fault && <p class="fault" id={`${id}-fault`}>{sentence(label, fault)}</p>}
    </div>
  );
}

/** Other properties go to the input. */
export function TextField({ form, name, label, hint, again, value, ...more }: Props & Line) {
  return (
    <Field
      {...{ form, name, label, again }}
      {...(hint ? { hint } : {})}
      control={(same) => (
        <input
          type="text"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={again?.typed[name] ?? value ?? ""}
          {...more}
          {...same}
        />
      )}
    />
  );
}

/** A time in UTC; `value` in ISO 8601, ending in Z. */
export function TimeField({ value, ...props }: Props & { value?: string | null }) {
  // "any": a time with seconds must not invalidate the form.
  return <TextField {...props} type="datetime-local" step="any" value={value?.slice(0, -1)} />;
}

/** Never sent back, nor spell-checked. */
export function SecretField(props: Props) {
  return (
    <Field
      {...props}
      control={(same) => (
        <textarea class="secret" rows={3} required spellcheck={false} autocomplete="off" {...same}>
        </textarea>
      )}
    />
  );
}

export function ChoiceField(
  { options, value, ...props }: Props & { options: [value: string, name: string][]; value: string },
) {
  const chosen = props.again?.typed[props.name] ?? value;
  return (
    <Field
      {...props}
      control={(same) => (
        <select {...same}>
          {options.map(([value, name]) => (
            <option value={value} selected={value === chosen}>{name}</option>
          ))}
        </select>
      )}
    />
  );
}

export function Refused({ again }: { again?: Again | undefined }) {
  const fault = faultAt(again, "");
  return fault ? <p class="fault" role="alert" tabindex={-1} autofocus>{fault}</p> : null;
}
