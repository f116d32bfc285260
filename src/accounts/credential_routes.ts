import { createRoute, z } from "@hono/zod-openapi";
import { body, ById, json, newApi, noFields } from "../http/api.ts";
import { errorReplies, withSecret } from "../http/replies.ts";
import { Id } from "../http/paging.ts";
import * as credentials from "../credentials/credentials.ts";
import { type Deps as TestDeps, testCredential, Tested } from "../credentials/test.ts";
import * as versions from "../credentials/versions.ts";
import {
  addCredential,
  changeCredential,
  removeCredential,
  rollBackCredential,
} from "./credentials.ts";
import type { Deps } from "./steps.ts";

const one = ById.extend({ key_name: credentials.KeyName });
const many = "/{id}/credentials";
const path = `${many}/{key_name}` as const;

const list = createRoute({
  method: "get",
  path: many,
  summary: "A user's credentials, without their values",
  request: { params: ById },
  responses: {
    200: json(
      z.object({ credentials: z.array(credentials.Credential) }).openapi("Credentials"),
      "All of them.",
    ),
    ...errorReplies(400, 404),
  },
});

const add = createRoute({
  method: "post",
  path: many,
  summary: "A new credential",
  request: { params: ById, body: body(credentials.NewCredential) },
  responses: {
    201: json(credentials.SavedCredential, "Added."),
    ...errorReplies(400, 404, 409, 413, 415, 422),
  },
});

const reveal = createRoute({
  method: "get",
  path,
  summary: "A credential with its value (recorded)",
  request: { params: one },
  responses: { 200: json(credentials.Revealed, "The value."), ...errorReplies(400, 404) },
});

const change = createRoute({
  method: "put",
  path,
  summary: "A new value; the old one stays as a version",
  request: { params: one, body: body(credentials.NewValue) },
  responses: {
    200: json(credentials.SavedCredential, "Changed."),
    ...errorReplies(400, 404, 413, 415, 422),
  },
});

const remove = createRoute({
  method: "delete",
  path,
  summary: "Removes a credential with its versions",
  request: { params: one },
  responses: { 204: { description: "Removed." }, ...errorReplies(400, 404) },
});

const listVersions = createRoute({
  method: "get",
  path: `${path}/versions`,
  summary: "The last ten versions, newest first",
  request: { params: one },
  responses: {
    200: json(
      z.object({ versions: z.array(versions.Version) }).openapi("Versions"),
      "Without values.",
    ),
    ...errorReplies(400, 404),
  },
});

const revealVersion = createRoute({
  method: "get",
  path: `${path}/versions/{version}`,
  summary: "One version with its value (recorded)",
  request: { params: one.extend({ version: Id }) },
  responses: { 200: json(versions.RevealedVersion, "The value."), ...errorReplies(400, 404) },
});

const rollBack = createRoute({
  method: "post",
  path: `${path}/rollback`,
  summary: "A new version with an old one's value",
  request: { params: one, body: body(versions.Rollback) },
  responses: {
    200: json(credentials.SavedCredential, "The new version."),
    ...errorReplies(400, 404, 413, 415, 422),
  },
});

const test = createRoute({
  method: "post",
  path: `${path}/test`,
  summary: "Tries a credential for real",
  request: { params: one, body: noFields },
  responses: { 200: json(Tested, "How it went."), ...errorReplies(400, 404, 409, 422) },
});

/** Under `/api/v1/users`: a user's credentials. */
export function credentialApi(deps: TestDeps & Deps) {
  return newApi()
    .openapi(list, async (c) => {
      const { id } = c.req.valid("param");
      return c.json({ credentials: await credentials.credentialsOf(deps, c.var.who, id) }, 200);
    })
    .openapi(add, async (c) => {
      const { id } = c.req.valid("param");
      const input = c.req.valid("json");
      return c.json(await addCredential(deps, c.var.who, id, input), 201);
    })
    .openapi(reveal, async (c) => {
      const { id, key_name } = c.req.valid("param");
      withSecret(c);
      return c.json(await credentials.revealCredential(deps, c.var.who, id, key_name), 200);
    })
    .openapi(change, async (c) => {
      const { id, key_name } = c.req.valid("param");
      const input = c.req.valid("json");
      return c.json(await changeCredential(deps, c.var.who, id, key_name, input), 200);
    })
    .openapi(remove, async (c) => {
      const { id, key_name } = c.req.valid("param");
      await removeCredential(deps, c.var.who, id, key_name);
      return c.body(null, 204);
    })
    .route("/", versionApi(deps));
}

/** Versions of a credential, and the test of its value. */
function versionApi(deps: TestDeps & Deps) {
  return newApi()
    .openapi(listVersions, async (c) => {
      const { id, key_name } = c.req.valid("param");
      return c.json({ versions: await versions.versionsOf(deps, c.var.who, id, key_name) }, 200);
    })
    .openapi(revealVersion, async (c) => {
      const { id, key_name, version } = c.req.valid("param");
      withSecret(c);
      return c.json(await versions.revealVersion(deps, c.var.who, id, key_name, version), 200);
    })
    .openapi(rollBack, async (c) => {
      const { id, key_name } = c.req.valid("param");
      const input = c.req.valid("json");
      return c.json(await rollBackCredential(deps, c.var.who, id, key_name, input), 200);
    })
    .openapi(test, async (c) => {
      const { id, key_name } = c.req.valid("param");
      return c.json(await testCredential(deps, c.var.who, id, key_name), 200);
    });
}
