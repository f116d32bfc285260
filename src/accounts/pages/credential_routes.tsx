import { zValidator } from "@hono/zod-validator";
import { type Context, Hono } from "hono";
import { type Answer, CredentialPage } from "../../../views/accounts/credential.tsx";
import * as credentials from "../../credentials/credentials.ts";
import { type Deps as TestDeps, testCredential } from "../../credentials/test.ts";
import { revealVersion, versionsOf } from "../../credentials/versions.ts";
import { type ErrorStatus } from "../../errors.ts";
import { refuse, withSecret } from "../../http/replies.ts";
import { ById } from "../../http/api.ts";
import { visibleUser } from "../../users/users.ts";
import type { Env, Who } from "../../who.ts";
import {
  addCredential,
  changeCredential,
  removeCredential,
  rollBackCredential,
} from "../credentials.ts";
import type { Deps } from "../steps.ts";
import { CredentialForm, RevealForm, ValueForm, VersionForm } from "./forms.ts";
import { byId, form, orShow, refuseForged, type Show } from "../../http/forms.ts";
import { showUserPage } from "./routes.tsx";

type Address = { id: number; key_name: string };

/** Shows a credential, with the answer to what was asked of it. Throws 404 where there is none. */
async function showPage(
  deps: TestDeps & Deps,
  c: Context<Env>,
  { id, key_name }: Address,
  answer: Answer = {},
  status: 200 | ErrorStatus = 200,
) {
  const { who } = c.var;
  const user = await visibleUser(deps.db, who, id);
  const versions = await versionsOf(deps, who, id, key_name);
  const all = await credentials.credentialsOf(deps, who, id);
  const credential = all.find((one) => one.key_name === key_name);
  if (!credential) throw credentials.unknown(key_name);
  const props = { who, user, credential, versions, answer };
  return c.html(<CredentialPage {...props} />, status);
}

/** The page of a credential; `name`: the form of it that is shown again. */
function showAgain(deps: TestDeps & Deps, name: "test" | "change"): Show {
  return (c, again, status) => {
    const address = { id: Number(c.req.param("id")), key_name: c.req.param("key_name")! };
    return showPage(deps, c, address, { again: { [name]: again } }, status);
  };
}

const one = "/:id/credentials/:key_name";

/** Under `/users`: what the API does with credentials, by plain forms. A value is never in an address. */
export const credentialPages = (deps: TestDeps & Deps) =>
  new Hono<Env>().route("/", additionPage(deps)).route("/", credentialPage(deps));

function additionPage(deps: TestDeps & Deps) {
  const show = showUserPage(deps, "credential");
  return new Hono<Env>().post(
    "/:id/credentials",
    byId,
    form(CredentialForm, show),
    (c) =>
      orShow(c, { show, field: "key_name" }, async () => {
        const { id } = c.req.valid("param");
        const { key_name, key_value, expires_at } = c.req.valid("form");
        const input = { key_name, key_value, expires_at };
        const { warnings } = await addCredential(deps, c.var.who, id, input);
        if (!warnings) return c.redirect(`/users/${id}`, 303);
        return await showPage(deps, c, { id, key_name }, { warnings });
      }),
  );
}

const toPage = (c: Context<Env>, { id, key_name }: Address) =>
  c.redirect(`/users/${id}/credentials/${key_name}`, 303);

function credentialPage(deps: TestDeps & Deps) {
  const address = zValidator("param", ById.extend({ key_name: credentials.KeyName }), refuse);
  return new Hono<Env>()
    .get(one, address, (c) => showPage(deps, c, c.req.valid("param")))
    .post(`${one}/change`, address, form(ValueForm, showAgain(deps, "change")), async (c) => {
      const { id, key_name } = c.req.valid("param");
      const input = c.req.valid("form");
      const { warnings } = await changeCredential(deps, c.var.who, id, key_name, input);
      if (!warnings) return toPage(c, { id, key_name });
      return await showPage(deps, c, { id, key_name }, { warnings });
    })
    .post(`${one}/reveal`, address, zValidator("form", RevealForm, refuseForged), async (c) => {
      const { version } = c.req.valid("form");
      const revealed = await reveal(deps, c.var.who, c.req.valid("param"), version);
      withSecret(c);
      return await showPage(deps, c, c.req.valid("param"), { revealed });
    })
    .post(`${one}/copy`, address, async (c) => {
      withSecret(c);
      const { key_value } = await reveal(deps, c.var.who, c.req.valid("param"), undefined);
      return c.json({ key_value });
    })
    .post(`${one}/rollback`, address, zValidator("form", VersionForm, refuseForged), async (c) => {
      const { id, key_name } = c.req.valid("param");
      await rollBackCredential(deps, c.var.who, id, key_name, c.req.valid("form"));
      return toPage(c, { id, key_name });
    })
    .post(`${one}/test`, address, (c) =>
      orShow(c, { show: showAgain(deps, "test") }, async () => {
        const { id, key_name } = c.req.valid("param");
        const tested = await testCredential(deps, c.var.who, id, key_name);
        return await showPage(deps, c, { id, key_name }, { tested });
      }))
    .post(`${one}/remove`, address, async (c) => {
      const { id, key_name } = c.req.valid("param");
      await removeCredential(deps, c.var.who, id, key_name);
      return c.redirect(`/users/${id}`, 303);
    });
}

const reveal = (
  deps: TestDeps & Deps,
  who: Who,
  { id, key_name }: Address,
  version: number | undefined,
) =>
  version === undefined
    ? credentials.revealCredential(deps, who, id, key_name)
    : revealVersion(deps, who, id, key_name, version);
