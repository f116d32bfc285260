import { createContext, useContext } from "hono/jsx";
import type { Child } from "hono/jsx";
import type { Page } from "../../src/http/page.ts";

/** What every part of a page may ask for; app.tsx provides it. */
export const PageContext = createContext<Page>({
  asset: (name) => `/static/${name}`,
  modules: [],
  theme: undefined,
  form_token: "",
  address: "/",
  mayChange: () => false,
  pages: new Set(),
});
export const usePage = () => useContext(PageContext);

/** A page's heading: `about` says what it is, `above` leads back, children are its actions. */
export function PageTitle({ text, about, above, children }: {
  text: string;
  about?: Child;
  above?: { href: string; text: string };
  children?: Child;
}) {
  return (
    <div class="title">
      <div>
        {above && (
          <p class="hint">
            <a href={above.href}>{above.text}</a>
          </p>
        )}
        <h1>{text}</h1>
        {about && <p class="hint">{about}</p>}
      </div>
      {children && <div class="actions">{children}</div>}
    </div>
  );
}

/** An empty list: what it will hold, and (children) what to do next. */
export function Empty({ text, children }: { text: string; children?: Child }) {
  return (
    <section class="card empty">
      <h2>{text}</h2>
      {children}
    </section>
  );
}
