import type { Child } from "hono/jsx";
import { usePage } from "./page.tsx";

type FormProps = {
  action: string;
  children: Child;
  class?: string;
  id?: string;
  enctype?: "multipart/form-data";
  confirm?: string;
};

/** A form that changes something. All are made here: it carries the token that proves its page. */
export function Form({ action, children, confirm, ...more }: FormProps) {
  return (
    <form method="post" action={action} {...more} data-confirm={confirm}>
      <input type="hidden" name="form_token" value={usePage().form_token} />
      {children}
    </form>
  );
}

type ButtonProps = {
  action: string;
  text: string;
  /** Read aloud in place of `text`, where several buttons have the same. */
  label?: string | undefined;
  look?: "plain" | "quiet" | "danger" | "plain danger";
  /** Sent along. */
  fields?: Record<string, string>;
  /** Asked before it is sent, by a script; without one the button acts at once. */
  confirm?: string;
};

/** A form with only a button. */
export function PostButton(
  { action, text, label, look = "plain", fields = {}, confirm }: ButtonProps,
) {
  return (
    <Form action={action} {...(confirm ? { confirm } : {})}>
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button class={look} type="submit" aria-label={label}>{text}</button>
    </Form>
  );
}

/** Copies `value`; shown only where a script may write to the clipboard. */
export function CopyButton({ value, label }: { value: string; label?: string }) {
  return (
    <button class="plain" type="button" data-copy={value} aria-label={label} hidden>Copy</button>
  );
}

/** Narrows a list down: a GET form, so that its address can be kept; children are its fields. */
export function FilterBar({ action, children }: { action: string; children: Child }) {
  return (
    <form class="filter" method="get" action={action} role="search">
      {children}
      <button class="quiet" type="submit">Filter</button>
    </form>
  );
}
