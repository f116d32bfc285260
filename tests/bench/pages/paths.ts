import { writeCursor } from "../../../src/http/paging.ts";
import { ENTRIES } from "./data.ts";

/** An address, or one for a place in the list from 0 to 1. */
export type Path = string | ((place: number) => string);

const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 19);
const usersAt = (query: string) => (place: number) =>
  `/users?${query}&cursor=${writeCursor(`u${Math.floor(place * 16).toString(16)}`)}`;
const auditAt = (query: string) => (place: number) =>
  `/audit?${query}&cursor=${writeCursor(Math.ceil(ENTRIES * (1 - place)))}`;

const DASHBOARDS = [
  "",
  "view=table",
  "sort=name",
  "sort=state",
  "username=u77",
  "kind=drc",
  "kind=drc&sort=name",
  "state=attention",
  "state=notify",
  "state=create&sort=name",
  "outcome=denied",
  "outcome=gone",
  "outcome=loaded&sort=name",
  "design=cpu",
  "design=design_77",
  "design=design_77&sort=state",
  "q=wn",
  "q=zz",
  "q=ab",
  "q=ab&sort=name",
  "q=zz&sort=state",
  "q=ab&username=u77",
  "q=wns_paths_ab",
];
const USERS = [
  "",
  "is_active=false",
  "role=admin",
  "role=member",
  "workspace=ready",
  "workspace=pending",
  "workspace=failed",
  "workspace=pending&role=admin",
];
const USERS_BY_NAME = [
  "q=u7",
  "q=u7&workspace=failed",
  "q=u7&workspace=pending",
  "q=u7&role=admin&is_active=false",
];
const AUDIT = [
  "",
  "actor=u77",
  "actor=nobody",
  "action=credential.reveal",
  "action=orphan.remove",
  "subject=u77/TOKEN",
  "user=u77",
  "outcome=ok",
  "outcome=refused",
  "actor=u77&outcome=refused",
];
const AUDIT_BY_TIME = [
  `from=${day(3)}`,
  `to=${day(300)}`,
  `from=${day(200)}&to=${day(199)}`,
  `from=${day(200)}&to=${day(199)}&actor=u77`,
];

const list = (path: string, queries: string[], make: (query: string) => Path) =>
  Object.fromEntries(queries.map((query) => [`${path} ${query}`.trim(), make(query)]));

export const PAGES: Record<string, Path> = {
  "/": "/",
  ...list("/dashboards", DASHBOARDS, (query) => `/dashboards?${query}`),
  "/dashboards/archived": "/dashboards/archived",
  ...list("/users", USERS, usersAt),
  ...list("/users", USERS_BY_NAME, (query) => `/users?${query}`),
  ...list("/audit", AUDIT, auditAt),
  ...list("/audit", AUDIT_BY_TIME, (query) => `/audit?${query}`),
  "/templates": "/templates",
};
