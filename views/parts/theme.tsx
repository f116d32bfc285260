import { Form } from "./form.tsx";
import { usePage } from "./page.tsx";

const THEMES = [
  [
    "light",
    "Light",
    "M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6 13 13M3 13l1.4-1.4M11.6 4.4 13 3",
  ],
  ["dark", "Dark", "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z"],
  ["system", "System", "M2 3h12v8H2zM5.5 14h5"],
] as const;

/** Light, dark, or what the system says; a script applies it at once. */
export function ThemeChoice() {
  const { theme = "system", address } = usePage();
  return (
    <Form action="/theme">
      <input type="hidden" name="next" value={address} />
      <div class="theme" role="group" aria-label="Theme">
        {THEMES.map(([name, text, path]) => (
          <button
            type="submit"
            name="theme"
            value={name}
            title={text}
            aria-label={text}
            aria-pressed={name === theme ? "true" : "false"}
          >
            <svg viewBox="0 0 16 16" aria-hidden="true">
              {name === "light" && <circle cx="8" cy="8" r="3" fill="currentColor" />}
              <path d={path} fill="none" stroke="currentColor" stroke-width="1.5" />
            </svg>
          </button>
        ))}
      </div>
    </Form>
  );
}
