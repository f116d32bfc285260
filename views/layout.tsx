import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Who } from "../src/who.ts";
import { PostButton } from "./parts/form.tsx";
import { KeysHelp } from "./parts/keys.tsx";
import { Navigation } from "./parts/navigation.tsx";
import { usePage } from "./parts/page.tsx";
import { ThemeChoice } from "./parts/theme.tsx";

type Props = { title: string; who?: Who | undefined; children: Child };

function Header({ who }: { who: Who | undefined }) {
  const { asset } = usePage();
  return (
    <header class="top">
      <a class="brand" href="/">
        <img src={asset("icon.svg")} alt="Dashkeeper" width="22" height="22" />
        <span aria-hidden="true">Dashkeeper</span>
      </a>
      {who && <Navigation role={who.role} />}
      <div class="own">
        <button class="plain" type="button" data-opens="keys" aria-label="Keys" hidden>?</button>
        <ThemeChoice />
        {who && <a href={`/users/${who.user_id}`}>{who.username}</a>}
        {who && <PostButton action="/sign-out" text="Sign out" />}
      </div>
    </header>
  );
}

/** All pages except boards. */
export function Layout({ title, who, children }: Props) {
  const { asset, theme, form_token } = usePage();
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en" data-theme={theme}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="htmx-config" content='{"includeIndicatorCSS":false}' />
          <meta name="form-token" content={form_token} />
          <title>{`${title} · Dashkeeper`}</title>
          <link rel="icon" href={asset("icon.svg")} type="image/svg+xml" />
          <link rel="stylesheet" href={asset("app.css")} />
          <script src={asset("app.js")} defer></script>
          {who && <script src={asset("htmx.js")} defer></script>}
        </head>
        <body>
          <a class="skip" href="#main">Skip to the content</a>
          <Header who={who} />
          <main id="main" tabindex={-1}>{children}</main>
          <KeysHelp />
        </body>
      </html>
    </>
  );
}
