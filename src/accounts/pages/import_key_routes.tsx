import { zValidator } from "@hono/zod-validator";
import { z } from "@hono/zod-openapi";
import { Hono } from "hono";
import { NewImportKeyPage } from "../../../views/accounts/import_keys.tsx";
import { ById } from "../../http/api.ts";
import { byId, form, moment, orShow } from "../../http/forms.ts";
import { Id } from "../../http/paging.ts";
import { refuse, withSecret } from "../../http/replies.ts";
import { createImportKey, NewImportKey, removeImportKey } from "../../users/imports/keys.ts";
import type { Env } from "../../who.ts";
import type { Deps } from "../steps.ts";
import { showUserPage } from "./routes.tsx";

const NewKeyForm = z.strictObject({
  name: NewImportKey.shape.name,
  expires_at: moment(NewImportKey.shape.expires_at),
});

/** Under `/users`: import keys by plain forms. */
export function importKeyPages(deps: Deps & { frontend_url: string }) {
  const show = showUserPage(deps, "import_key");
  const one = zValidator("param", ById.extend({ key_id: Id }), refuse);
  return new Hono<Env>()
    .post(
      "/:id/import-keys",
      byId,
      form(NewKeyForm, show),
      (c) =>
        orShow(c, { show, field: "name" }, async () => {
          const { id } = c.req.valid("param");
          const made = await createImportKey(deps, c.var.who, id, c.req.valid("form"));
          withSecret(c);
          const props = { who: c.var.who, user_id: id, base: deps.frontend_url, ...made };
          return c.html(<NewImportKeyPage {...props} />, 201);
        }),
    )
    .post("/:id/import-keys/:key_id/remove", one, async (c) => {
      const { id, key_id } = c.req.valid("param");
      await removeImportKey(deps, c.var.who, id, key_id);
      return c.redirect(`/users/${id}`, 303);
    });
}
